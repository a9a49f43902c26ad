import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { findRepositoryRoot } from './find-repository.ts';
import { type GitCall, type GitFailure, git } from './git.ts';
import { isRemoteUrl, withoutCredentials } from './remote-url.ts';

/** What to check out. */
export interface CloneRequest {
  /** A path or URL; absent means the repository around `cwd`. */
  readonly repository?: string;
  /** A branch or tag; the repository's own default when absent. */
  readonly branch?: string;
  /** Any name of a commit; the tip of the branch when absent. */
  readonly commit?: string;
}

/** A clone made for one run. */
export interface ClonedRepository {
  readonly root: string;
  /** What the user knows the repository as: its remote's URL without credentials, or its path. */
  readonly repository: string;
  /** The branch asked for or followed; null when only a commit was named. */
  readonly branch: string | null;
  /** Removes the clone. */
  remove(): Promise<void>;
}

/** Clones with the git binary into `directory` and checks out what is asked for. Throws CommandError when git refuses. */
export async function cloneRepository(
  request: CloneRequest,
  directory: string,
  call: GitCall,
): Promise<ClonedRepository> {
  const root = join(directory, 'tree');
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory, { recursive: true });
    const origin = await locate(request.repository, call);
    const filter = origin.isUrl ? ['--filter=blob:none'] : [];
    const branch = request.branch === undefined ? [] : [`--branch=${request.branch}`];
    await must(
      ['clone', '--quiet', '--no-checkout', ...filter, ...branch, '--end-of-options', origin.address, root],
      call,
      `cannot clone ${withoutCredentials(origin.address)}`,
    );
    const inside: GitCall = { ...call, cwd: root };
    const commit = await resolveCommit(request.commit ?? 'HEAD', inside);
    const attached = request.commit === undefined ? await git(['symbolic-ref', '--short', '-q', 'HEAD'], inside) : null;
    await must(
      ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', ...checkoutTarget(attached?.ok, commit)],
      inside,
      'cannot check out',
    );
    return {
      root,
      repository: origin.repository,
      branch: request.commit === undefined && attached?.ok ? attached.output.trim() : (request.branch ?? null),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** On a branch its tip is checked out as the branch; a named commit is detached. */
function checkoutTarget(attached: boolean | undefined, commit: string): readonly string[] {
  return attached === true ? [] : ['--detach', commit];
}

async function locate(
  repository: string | undefined,
  call: GitCall,
): Promise<{ address: string; repository: string; isUrl: boolean }> {
  if (repository !== undefined && isRemoteUrl(repository)) {
    return { address: repository, repository: withoutCredentials(repository), isUrl: true };
  }
  const path = repository === undefined ? findRepositoryRoot(call.cwd) : resolve(call.cwd, repository);
  if (path === null || !(await isDirectory(path))) {
    throw new CommandError(
      repository === undefined ? `${call.cwd} is not in a git repository` : `there is no repository at ${path}`,
      ExitCode.usage,
      'give the path or URL of a git repository with --repo',
    );
  }
  const remote = await git(['config', '--get', 'remote.origin.url'], { ...call, cwd: path });
  const url = remote.ok ? withoutCredentials(remote.output.trim()) : path;
  return { address: path, repository: url, isUrl: false };
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function resolveCommit(name: string, call: GitCall): Promise<string> {
  for (const candidate of [name, `origin/${name}`]) {
    const found = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`], call);
    if (found.ok) return found.output.trim();
  }
  throw new CommandError(
    name === 'HEAD' ? 'the repository has no commits' : `the repository has no commit ${name}`,
    ExitCode.usage,
    'name a branch with --branch, or a commit that a branch or tag of it contains with --commit',
  );
}

async function must(args: readonly string[], call: GitCall, what: string): Promise<void> {
  const result = await git(args, call);
  if (!result.ok) throw gitError(what, result.failure);
}

function gitError(what: string, failure: GitFailure): CommandError {
  if (failure.kind === 'missing') {
    return new CommandError(
      'git is not installed or not in PATH',
      ExitCode.machine,
      'install git; --repo, --branch and --commit need it',
    );
  }
  const line = failure.message.split('\n').findLast((text) => /^(fatal|error):/.test(text)) ?? failure.message;
  return new CommandError(`${what}: ${line.replace(/^(fatal|error): /, '')}`, ExitCode.usage);
}
