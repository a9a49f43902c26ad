import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { thisProcess } from '@xx-pipeline/worker/process';
import { ServerLock } from '../../src/server/ServerLock.ts';

async function inDirectory(use: (path: string, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-lock-'));
  try {
    await use(join(directory, 'lock'), directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('a lock is held until it is released', () =>
  inDirectory(async (path, directory) => {
    const first = await ServerLock.take(path);
    assert(first instanceof ServerLock);
    assert.deepEqual(await ServerLock.take(path), { pid: process.pid, here: true });
    await first.release();
    assert((await ServerLock.take(path)) instanceof ServerLock);
    assert.deepEqual(await readdir(directory), ['lock']);
  }));

test('the lock of a process that is gone is taken over, also when its number is in use again', () =>
  inDirectory(async (path, directory) => {
    const own = thisProcess();
    for (const left of [JSON.stringify({ ...own, started: '1' }), '', '{', '{"pid": "x"}']) {
      await writeFile(path, left);
      assert((await ServerLock.take(path)) instanceof ServerLock, left);
      assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), own);
      assert.deepEqual(await readdir(directory), ['lock']);
    }
  }));

test('a process of another machine is respected', () =>
  inDirectory(async (path) => {
    await writeFile(path, JSON.stringify({ pid: 1, started: '1', scope: 'elsewhere/boot/pid' }));
    assert.deepEqual(await ServerLock.take(path), { pid: 1, here: false });
  }));
