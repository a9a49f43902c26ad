import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { WorkerIdentity } from '../../src/app/WorkerIdentity.ts';

/** A state directory whose worker is registered. */
async function registered(): Promise<{ root: string; state: string; identity: WorkerIdentity } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'xx-identity-'));
  const state = join(root, 'state');
  const identity = WorkerIdentity.claim(state);
  identity.registering();
  identity.registered();
  return { root, state, identity, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

/** Changes the process that the lock names: `boot` of the machine, process id. */
async function rewriteLock(state: string, change: (parts: string[]) => string[]): Promise<void> {
  const path = join(state, 'lock');
  await writeFile(path, change((await readFile(path, 'utf8')).split(':')).join(':'));
}

/** Another start time: the process id has been given to somebody else since. */
const isGone = ([host = '', boot = '', pid = '']: string[]) => [host, boot, pid, '1'];

test('a process that follows one which is gone from this machine names it', async () => {
  await using before = await registered();
  await rewriteLock(before.state, isGone);
  const next = WorkerIdentity.claim(before.state);
  assert.equal(next.workerId, before.identity.workerId);
  assert.deepEqual(next.previousInstanceIds, [before.identity.instanceId]);
  assert.equal(next.isHeir, true);
});

test('a process that follows one which ended in peace names it', async () => {
  await using before = await registered();
  before.identity.release();
  const next = WorkerIdentity.claim(before.state);
  assert.deepEqual(next.previousInstanceIds, [before.identity.instanceId]);
  assert.equal(next.isHeir, true);
});

test('a process on a copy of a running worker follows nobody, and neither does whoever follows it', async () => {
  await using before = await registered();
  const copy = join(before.root, 'copy');
  await cp(before.state, copy, { recursive: true });
  await rm(join(copy, 'lock'));
  const second = WorkerIdentity.claim(copy);
  assert.equal(second.workerId, before.identity.workerId);
  assert.deepEqual(second.previousInstanceIds, []);
  assert.equal(second.isHeir, false);
  for (const isRegistering of [false, true]) {
    if (isRegistering) second.registering();
    await rewriteLock(copy, isGone);
    const third = WorkerIdentity.claim(copy);
    assert.deepEqual(third.previousInstanceIds, []);
    assert.equal(third.isHeir, false);
  }
});

test('one that has been registered is followed, also when it followed nobody', async () => {
  await using before = await registered();
  await rm(join(before.state, 'lock'));
  const second = WorkerIdentity.claim(before.state);
  second.registered();
  await rewriteLock(before.state, isGone);
  const third = WorkerIdentity.claim(before.state);
  assert.deepEqual(third.previousInstanceIds, [second.instanceId]);
});

test('a process after another boot of the machine, or on another machine, follows nobody: it may be a clone', async () => {
  await using before = await registered();
  const clones = [
    ([host = '', , pid = '', started = '']: string[]) => [host, 'another', pid, started],
    ([, boot = '', pid = '', started = '']: string[]) => ['elsewhere', boot, pid, started],
  ];
  for (const change of clones) {
    const copy = join(before.root, `copy-${clones.indexOf(change)}`);
    await cp(before.state, copy, { recursive: true });
    await rewriteLock(copy, change);
    assert.equal(WorkerIdentity.claim(copy).isHeir, false);
  }
});
