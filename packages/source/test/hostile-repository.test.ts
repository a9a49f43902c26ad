import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cloneRepository } from '../src/clone-repository.ts';
import { readChangedFiles } from '../src/facts/changed-files.ts';
import { isDirty, readRepositoryFacts } from '../src/facts/repository-facts.ts';
import { openSource } from '../src/open-source.ts';
import { listTree } from '../src/tree/list-tree.ts';
import { workingTreeFiles } from '../src/tree/working-tree-files.ts';
import { hasRun, hostileCases, hostileRepository, touch } from './hostile-repositories.ts';

for (const hostile of hostileCases) {
  test(`reading a repository starts no program: ${hostile.name}`, async () => {
    using repository = hostileRepository(hostile);
    const { facts } = await readRepositoryFacts(repository.reader);
    await isDirty(repository.reader);
    readChangedFiles({ ...facts, defaultRef: 'refs/remotes/origin/main' }, repository.reader);
    workingTreeFiles(repository.root, repository.reader).list();
    await listTree(repository.root, true, { env: repository.env });
    const opened = await openSource({ file: undefined, clone: null, cloneDirectory: '' }, repository.call);
    if (opened.ok) await Promise.allSettled([opened.value.facts, opened.value.dirty]);
    await cloneRepository({ repository: repository.root }, join(repository.base, 'clone'), repository.call);
    await cloneRepository({ repository: `file://${repository.root}` }, join(repository.base, 'clone'), repository.call);
    assert.equal(hasRun(repository), false);
    const { trigger } = hostile;
    if (trigger === undefined) return;
    // The trap works on a plain call.
    touch(repository, 2);
    spawnSync('git', trigger, { cwd: repository.root, env: repository.env, stdio: 'ignore', timeout: 30_000 });
    assert.equal(hasRun(repository), true, 'the case proves nothing');
  });
}
