import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RecoveryDirectory } from '../../src/execution/docker/recovery/RecoveryDirectory.ts';

const common = { jobId: 'job', attempt: 2, sandboxId: null, way: 'copy' as const, workspace: '/w' };

async function inDirectory(work: (directory: RecoveryDirectory, file: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'xx-recovery-'));
  try {
    const directory = await RecoveryDirectory.make(parent, 'one');
    await work(directory, join(directory.path, 'container.json'));
  } finally {
    await rm(parent, { recursive: true });
  }
}

test('a record names all containers of an attempt', async () => {
  await inDirectory(async (directory, file) => {
    assert.equal(directory.container, null);
    directory.writeContainer({ ...common, containerIds: ['own', 'database'] });
    assert.deepEqual(directory.container, { ...common, containerIds: ['own', 'database'] });
    // A guardian of the version before reads this one field.
    assert.equal((JSON.parse(await readFile(file, 'utf8')) as { containerId: string }).containerId, 'own');
  });
});

test('a record of the version before, with one container, is read', async () => {
  await inDirectory(async (directory, file) => {
    await writeFile(file, JSON.stringify({ ...common, containerId: 'own' }));
    assert.deepEqual(directory.container, { ...common, containerIds: ['own'] });
  });
});

test('a record that was not written to its end is none', async () => {
  await inDirectory(async (directory, file) => {
    await writeFile(file, '{"jobId": "job"');
    assert.equal(directory.container, null);
    await writeFile(file, '{"jobId": "job"}');
    assert.equal(directory.container, null);
  });
});
