import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { jobRequest } from '@xx-pipeline/testing';
import { AttemptStore } from '../../src/app/spool/AttemptStore.ts';

const request = () => jobRequest({ jobId: randomUUID() });
const accepted = () => ({ request: request(), attempt: 1, acceptedAt: 1 });

async function inRoot(work: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'xx-folders-'));
  try {
    await work(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

test('nothing of an attempt that is over is found by the one that gets its folder, nor told by a late word', async () => {
  await inRoot(async (root) => {
    const store = new AttemptStore(root);
    const first = store.create(accepted());
    first.journal.note({ type: 'begun', at: 7 });
    first.logFile.append([Buffer.from('output of the first')]);
    await first.remove();
    const second = store.create(accepted());
    assert.equal(second.logPath, first.logPath);
    first.journal.note({ type: 'begun', at: 8 });
    assert.equal(second.logFile.size, 0);
    assert.equal(second.journal.state.begunAt, null);
    second.close();
    const [kept, ...others] = await new AttemptStore(root).openAll();
    assert.deepEqual(kept?.job, second.job);
    assert.equal(kept?.journal.state.begunAt, null);
    assert.deepEqual(others, []);
    await kept?.remove();
    await store.close();
  });
});

test('an archive goes with its attempt', async () => {
  await inRoot(async (root) => {
    const store = new AttemptStore(root);
    const artifacts = { name: 'a', paths: ['x'], exclude: [], when: 'always' as const };
    const first = store.create({ ...accepted(), request: { ...request(), artifacts } });
    await appendFile(first.artifactPath, 'archive');
    await first.remove();
    const second = store.create(accepted());
    assert.deepEqual((await readdir(dirname(second.artifactPath))).toSorted(), ['journal', 'log']);
    await second.remove();
    await store.close();
    assert.deepEqual(await readdir(join(root, 'attempts')), []);
  });
});

test('what was not wholly accepted when the process ended, or is over, is gone', async () => {
  await inRoot(async (root) => {
    const store = new AttemptStore(root);
    const [over, torn, whole] = [1, 2, 3].map(() => store.create(accepted()));
    assert.ok(over && torn && whole);
    const journal = join(dirname(torn.logPath), 'journal');
    await truncate(journal, (await stat(journal)).size - 10);
    await over.remove();
    const kept = await new AttemptStore(root).openAll();
    assert.deepEqual(
      kept.map(({ name }) => name),
      [whole.name],
    );
    assert.deepEqual(await readdir(join(root, 'attempts')), [basename(dirname(whole.logPath))]);
  });
});

test('a job that the version before accepted is read: its image is a name, attempt and source may be missing', async () => {
  await inRoot(async (root) => {
    const store = new AttemptStore(root);
    const { attempt: _, source: __, ...earlier } = { ...request(), image: 'busybox' };
    store.create({ request: earlier as never, attempt: 2, acceptedAt: 1 }).close();
    const [kept] = await new AttemptStore(root).openAll();
    const expected = { ...earlier, image: { name: 'busybox' }, attempt: 2, source: { kind: 'empty' } };
    assert.deepEqual(kept?.job, { request: expected, attempt: 2, acceptedAt: 1 });
    await kept?.remove();
  });
});
