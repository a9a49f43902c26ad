import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TemporaryRepository } from './TemporaryRepository.ts';

/** A repository that tries to start a program when it is read. */
export interface HostileCase {
  readonly name: string;
  /** Sets the trap; `command` makes the marker and passes its input on. */
  readonly arrange: (repository: TemporaryRepository, command: string) => void;
  /** A plain git call that falls into it: proves that the trap works. Absent where no reading call does. */
  readonly trigger?: readonly string[];
}

/** The name of the file, in the folder around the repository, that no reading may make. */
const marker = 'pwned';

/** Makes the repository of a case: two commits, a remote's main, a file whose times differ from the index. */
export function hostileRepository({ arrange }: HostileCase): TemporaryRepository {
  const repository = new TemporaryRepository();
  repository.write('.gitlab-ci.yml', pipeline);
  repository.write('f.txt');
  repository.commit();
  repository.publish();
  repository.git('checkout', '-q', '-b', 'feature');
  repository.write('g.txt');
  repository.commit();
  arrange(repository, `touch ${join(repository.base, marker)}; cat`);
  return repository;
}

/** Whether a program has run. */
export const hasRun = (repository: TemporaryRepository): boolean => readdirSync(repository.base).includes(marker);

const pipeline = `
t: {image: busybox, script: [a], rules: [{changes: ['*.txt']}, {exists: ['*.txt']}]}
`;

/** Gives files times that differ from the index, so that git compares the content. */
export function touch(repository: TemporaryRepository, seconds = 1): void {
  for (const path of ['f.txt', 'inner/f.txt'].map((file) => join(repository.root, file))) {
    if (existsSync(path)) utimesSync(path, seconds, seconds);
  }
}

/** Ends at once, where git would wait for an answer. */
const failing = (command: string): string => command.replace(/; cat$/, '; false');

function attributes(repository: TemporaryRepository, line: string): void {
  mkdirSync(join(repository.root, '.git/info'), { recursive: true });
  writeFileSync(join(repository.root, '.git/info/attributes'), `${line}\n`);
}

/** Removes the tree of the commit on main: reading it makes a partial clone fetch. */
function loseTree(repository: TemporaryRepository): void {
  const tree = repository.git('rev-parse', 'main^{tree}');
  rmSync(join(repository.root, '.git/objects', tree.slice(0, 2), tree.slice(2)));
}

function partialClone(repository: TemporaryRepository): void {
  repository.git('config', 'core.repositoryFormatVersion', '1');
  repository.git('config', 'extensions.partialClone', 'origin');
}

const status = ['status', '--porcelain'];
const diffMain = ['diff', '--name-only', 'refs/remotes/origin/main'];

function filter(name: string, key: 'clean' | 'process'): Pick<HostileCase, 'arrange' | 'trigger'> {
  return {
    trigger: status,
    arrange(repository, command) {
      attributes(repository, `*.txt filter=${name}`);
      repository.git('config', `filter.${name}.${key}`, command);
      touch(repository);
    },
  };
}

/** One key that starts a program somewhere in git; reading must not be the place. */
const key = (name: string, trigger?: readonly string[]): HostileCase => ({
  name,
  arrange: (repository, command) => {
    repository.git('config', name, command);
    attributes(repository, '*.txt diff=x merge=x');
    repository.write('f.txt', 'changed\n');
  },
  ...(trigger === undefined ? {} : { trigger }),
});

/** Every way known to us. */
export const hostileCases: readonly HostileCase[] = [
  { name: 'a clean filter', ...filter('x', 'clean') },
  { name: 'a process filter', ...filter('x', 'process') },
  { name: 'a filter with = in its name', ...filter('a=b', 'clean') },
  { name: 'a filter with capitals and dots in its name', ...filter('X.y', 'clean') },
  {
    name: 'a filter that is required',
    trigger: status,
    arrange(repository, command) {
      filter('x', 'clean').arrange(repository, command);
      repository.git('config', 'filter.x.required', 'true');
    },
  },
  {
    name: 'a filter of the tree’s own attributes',
    trigger: status,
    arrange(repository, command) {
      repository.write('.gitattributes', '*.txt filter=x\n');
      repository.git('config', 'filter.x.clean', command);
      touch(repository);
    },
  },
  {
    name: 'a filter whose name is not UTF-8',
    trigger: status,
    arrange(repository, command) {
      const bytes = (text: string) => Buffer.from(text, 'latin1');
      mkdirSync(join(repository.root, '.git/info'), { recursive: true });
      writeFileSync(join(repository.root, '.git/info/attributes'), bytes('*.txt filter=\xff\n'));
      appendFileSync(join(repository.root, '.git/config'), bytes(`[filter "\xff"]\n\tclean = "${command}"\n`));
      touch(repository);
    },
  },
  {
    name: 'a filter in an included file',
    trigger: status,
    arrange(repository, command) {
      attributes(repository, '*.txt filter=x');
      writeFileSync(join(repository.root, '.git/more'), `[filter "x"]\n\tclean = "${command}"\n`);
      repository.git('config', 'includeIf.onbranch:feature.path', 'more');
      touch(repository);
    },
  },
  {
    name: 'a filter in the configuration of a work tree',
    trigger: status,
    arrange(repository, command) {
      attributes(repository, '*.txt filter=x');
      repository.git('config', 'extensions.worktreeConfig', 'true');
      repository.git('config', '--worktree', 'filter.x.clean', command);
      touch(repository);
    },
  },
  {
    name: 'a filter of a nested repository',
    trigger: ['status', '--porcelain', '--ignore-submodules=none'],
    arrange(repository, command) {
      const inner = join(repository.root, 'inner');
      repository.git('init', '-q', inner);
      repository.write('inner/f.txt');
      repository.git('-C', inner, 'add', '-A');
      repository.git('-C', inner, 'commit', '-q', '-m', 'inner');
      repository.git('add', 'inner');
      repository.git('commit', '-q', '-m', 'nest');
      repository.git('-C', inner, 'config', 'filter.x.clean', command);
      repository.git('-C', inner, 'config', 'core.fsmonitor', command);
      writeFileSync(join(inner, '.git/info/attributes'), '*.txt filter=x\n');
      touch(repository);
    },
  },
  {
    name: 'a .git file that leads elsewhere',
    trigger: status,
    arrange(repository, command) {
      filter('x', 'clean').arrange(repository, command);
      renameSync(join(repository.root, '.git'), join(repository.base, 'elsewhere'));
      writeFileSync(join(repository.root, '.git'), `gitdir: ${join(repository.base, 'elsewhere')}\n`);
    },
  },
  {
    name: 'a missing object behind a program for ssh',
    trigger: diffMain,
    arrange(repository, command) {
      partialClone(repository);
      repository.git('config', 'remote.origin.promisor', 'true');
      repository.git('config', 'remote.origin.url', 'ssh://127.0.0.1:1/x');
      repository.git('config', 'core.sshCommand', failing(command));
      loseTree(repository);
    },
  },
  {
    name: 'a missing object behind a program that serves a path',
    trigger: diffMain,
    arrange(repository, command) {
      repository.git('config', 'remote.evil.promisor', 'true');
      repository.git('config', 'remote.evil.partialCloneFilter', 'blob:none');
      repository.git('config', 'remote.evil.url', repository.root);
      repository.git('config', 'remote.evil.uploadpack', failing(command));
      partialClone(repository);
      repository.git('config', 'extensions.partialClone', 'evil');
      loseTree(repository);
    },
  },
  {
    name: 'a missing object behind a transport that is a command',
    trigger: diffMain,
    arrange(repository, command) {
      partialClone(repository);
      repository.git('config', 'remote.origin.url', `ext::sh -c ${failing(command).replaceAll(/ /g, '% ')}`);
      repository.git('config', 'protocol.ext.allow', 'always');
      loseTree(repository);
    },
  },
  key('core.fsmonitor', status),
  key('diff.external', ['diff', 'HEAD']),
  key('diff.x.command', ['diff', 'HEAD']),
  key('diff.x.textconv', ['diff', 'HEAD']),
  key('core.pager'),
  key('pager.log'),
  key('pager.diff'),
  key('gpg.program'),
  key('core.editor'),
  key('core.askPass'),
  key('core.alternateRefsCommand'),
  key('credential.helper'),
  key('merge.x.driver'),
  key('uploadpack.packObjectsHook'),
  key('alias.status'),
  key('alias.ls-files'),
  {
    name: 'hooks',
    trigger: ['status'],
    arrange(repository, command) {
      for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-auto-gc']) {
        writeFileSync(join(repository.root, '.git/hooks', hook), `#!/bin/sh\n${command} </dev/null\n`, { mode: 0o755 });
      }
      touch(repository);
    },
  },
  {
    name: 'a filter of the user that the tree asks for',
    trigger: status,
    arrange(repository, command) {
      repository.git('config', '--global', 'filter.lfs.clean', command);
      repository.write('.gitattributes', '*.txt filter=lfs\n');
      touch(repository);
    },
  },
];
