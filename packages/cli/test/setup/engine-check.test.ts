import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineCheck } from '../../src/setup/check-engine.ts';
import type { SetupWorld } from '../../src/setup/SetupCheck.ts';

/** A directory with an engine that answers on a socket in it, and the docker command's configuration. */
async function withEngine(work: (directory: string, world: SetupWorld) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-engine-'));
  const engine = createServer((request, response) => {
    response.end(request.url?.endsWith('/version') ? '{"Version": "99.1", "ApiVersion": "1.44"}' : 'OK');
  });
  try {
    await new Promise<void>((resolve) => engine.listen(join(directory, 'engine.sock'), resolve));
    await writeFile(join(directory, 'config.json'), '{"currentContext": "mine"}');
    const env = { PATH: '', DOCKER_CONFIG: directory };
    await work(directory, { env, cwd: directory, signal: new AbortController().signal, say: () => {} });
  } finally {
    await new Promise((resolve) => engine.close(resolve));
    await rm(directory, { recursive: true });
  }
}

async function writeContext(directory: string, name: string, host: string): Promise<void> {
  const folder = join(directory, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: host } } }));
}

test('doctor finds the engine where a run does: through the current context of the docker command', async () => {
  await withEngine(async (directory, world) => {
    await writeContext(directory, 'mine', `unix://${directory}/engine.sock`);
    const { state, found } = await engineCheck.run(world);
    assert.deepEqual([state, found], ['ok', '99.1, through the Docker context "mine"']);
  });
});

test('an engine that is unreachable is named with the setting that chose it', async () => {
  await withEngine(async (directory, world) => {
    await writeContext(directory, 'mine', `unix://${directory}/none.sock`);
    const { state, found, mend } = await engineCheck.run(world);
    assert.equal(state, 'missing');
    assert.equal(found, `no engine at unix://${directory}/none.sock, from the Docker context "mine" (ENOENT)`);
    assert.match(mend.join(' '), /docker context use default/);
  });
});

test('a context that does not exist is an error that names it', async () => {
  await withEngine(async (_, world) => {
    const { state, found, mend } = await engineCheck.run(world);
    assert.equal(state, 'missing');
    assert.equal(found, 'Docker context "mine" not found');
    assert.match(mend.join(' '), /docker context ls/);
  });
});
