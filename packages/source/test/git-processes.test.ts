import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { gitAsUser } from '../src/git/git-as-user.ts';
import { TemporaryRepository } from './TemporaryRepository.ts';

/** Whether a process runs; a zombie has ended. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

test('an aborted fetch leaves no helper behind', async () => {
  using repository = new TemporaryRepository();
  const pidFile = join(repository.base, 'pid');
  const stop = new AbortController();
  // Stands in for an ssh whose server never answers; `exec` would hide that git's shell is a process, too.
  const env = { ...repository.env, GIT_SSH_COMMAND: `sh -c 'echo $$ > ${pidFile}; sleep 600; true' ssh` };
  const call = { cwd: repository.base, env, protocols: ['ssh'], signal: stop.signal };
  const fetching = gitAsUser(['ls-remote', 'ssh://silent.example/x'], call);
  fetching.catch(() => {});
  const pid = await until('the helper of git', () => {
    const text = globSync(pidFile).map((path) => readFileSync(path, 'utf8'))[0] ?? '';
    return text.endsWith('\n') ? Number(text) : null;
  });
  assert.ok(runs(pid));
  stop.abort(new Error('enough'));
  await assert.rejects(fetching, /enough/);
  await until('the end of the helper', () => !runs(pid));
});

test('no other file of the product starts git', () => {
  const root = join(import.meta.dirname, '../../..');
  const starters = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((file) =>
    /\b(?:spawn|spawnSync|exec|execSync|execFile|execFileSync|runProgram)\(\s*['"`]git\b/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  );
  assert.deepEqual(starters, ['packages/source/src/git/git-process.ts']);
});
