// The server is killed under a run that somebody follows.
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '@xx-pipeline/common';
import { freePort, until } from '@xx-pipeline/testing';
import { differencesOf } from '../../packages/cli/src/setup/compare-reports.ts';
import { Rig } from '../rig/Rig.ts';

const example = join(import.meta.dirname, '../../examples/quickstart');

test('a server killed in the middle of the quickstart and started again ends it, the client goes on, the report is whole', async () => {
  await using rig = await Rig.make();
  await cp(example, rig.repository, { recursive: true });
  rig.commit();
  const address = `127.0.0.1:${await freePort()}`;
  const start = async () => {
    const server = rig.start(['server', '--listen', address]);
    await server.printed(/^xx server .* at http/m);
    return server;
  };
  const killed = await start();
  const run = rig.start(['run']);
  // Between the stages: some have ended, some run, some have not begun.
  await run.printed(/compile +✓ success/);
  killed.send('SIGKILL');
  await killed.ended();
  await until('the client to notice', () => /server unreachable, retrying/.test(run.stderr));
  const again = await start();
  const { code, stdout, stderr } = await run.ended();
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /! success with warnings in .* \(6 success, 1 failed \(allowed\)\)/);
  assert.equal(stderr.match(/server unreachable, retrying/g)?.length, 1, stderr);

  const { stdout: text } = await rig.expect(0, 'report', '--run', '1', '-o', 'json');
  const report = JSON.parse(text) as Report;
  await rig.expect(0, 'run', '--local');
  // What was on its way to the worker when it was killed has been given out a second time.
  const differences = differencesOf(await rig.report(), report);
  assert.deepEqual(
    differences.filter((difference) => !difference.includes('/attempts/')),
    [],
  );
  for (const { name } of report.stages.flatMap(({ jobs }) => jobs)) {
    const { stdout: log } = await rig.expect(0, 'logs', '1', name, '--raw');
    assert.match(log, /^Job (succeeded|failed)/m, name);
  }
  await rig.expect(0, 'artifacts', '1', '--download', join(rig.home, 'out'));
  assert.match(await readFile(join(rig.home, 'out/compile/build/greet'), 'utf8'), /greet/);
  again.send('SIGINT');
  assert.equal((await again.ended()).code, 0);
});
