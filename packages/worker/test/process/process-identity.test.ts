import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lifeOf, makeOwnerId, ownerState, thisProcess } from '../../src/process/index.ts';

/** Runs `work` with the id of a process that has ended and that its parent has not collected. */
async function withZombie(work: (pid: number) => void | Promise<void>): Promise<void> {
  // The child ends once its parent is a program that collects nothing: a shell might still have collected it.
  const child = '(while read -r name </proc/$$/comm && [ "$name" != sleep ]; do :; done) &';
  const parent = spawn('sh', ['-c', `${child} echo $!; exec sleep 60`], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    while (stat(pid)[0] !== 'Z') await new Promise(setImmediate);
    await work(pid);
  } finally {
    parent.kill();
  }
}

const stat = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

test('a process that has ended and was not collected by its parent is dead, under either name', async () => {
  await withZombie((pid) => {
    const started = stat(pid)[19] ?? '';
    const [host, boot] = makeOwnerId().split(':');
    assert.equal(ownerState(`${host}:${boot}:${pid}:${started}`), 'dead');
    assert.equal(lifeOf({ ...thisProcess(), pid, started }), 'dead');
  });
});

test('this process is alive under either name, and another one with its id is not it', () => {
  assert.equal(lifeOf(thisProcess()), 'alive');
  assert.equal(ownerState(makeOwnerId()), 'alive');
  assert.equal(lifeOf({ ...thisProcess(), started: '1' }), 'dead');
  assert.equal(ownerState(makeOwnerId().replace(/\d+$/, '1')), 'dead');
});

test('nothing is known of a process of another machine, and one of an earlier boot is dead', () => {
  const own = thisProcess();
  const [host, , namespace] = own.scope.split('/');
  assert.equal(lifeOf({ ...own, scope: `elsewhere/boot/${namespace}` }), 'unknown');
  assert.equal(lifeOf({ ...own, scope: `${host}/another/${namespace}` }), 'dead');
  assert.equal(ownerState(makeOwnerId().replace(/^[^:]*/, 'elsewhere')), 'unknown');
});
