import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failure, type Result, success } from '@xx-pipeline/common';
import { isRemoteUrl, withoutCredentials } from './facts/remote-url.ts';
import { gitAsUser, localUploadPack, type UserGitCall } from './git/git-as-user.ts';
import type { GitFailure } from './git/git-process.ts';
import { type GitCall, RepositoryReader } from './git/RepositoryReader.ts';
import type { SourceProblem } from './source-problem.ts';
import { findRepositoryRoot } from './tree/find-repository.ts';

/** A commit of a repository that is to be checked out. */
export interface CloneRequest {
  /** A path or URL; absent means the repository around `cwd`. */
  readonly repository?: string;
  /** A branch or tag; the repository's own default if absent. */
  readonly branch?: string;
  /** Any name of a commit; the tip of the branch if absent. */
  readonly commit?: string;
}

/** A clone made for one run. */
export interface ClonedRepository {
  readonly root: string;
  /** The remote's URL without credentials, or the path. */
  readonly repository: string;
  /** The branch asked for or followed; null if only a commit was named. */
  readonly branch: string | null;
  /** Removes the clone. */
  remove(): Promise<void>;
}

/** Clones with the git binary into `directory` and checks out what is asked for. A failure leaves nothing behind. */
export async function cloneRepository(
  request: CloneRequest,
  directory: string,
  call: GitCall,
): Promise<Result<ClonedRepository, SourceProblem>> {
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory, { recursive: true });
    const cloned = await cloneInto(request, directory, call);
    if (cloned.ok) return success({ ...cloned.value, remove });
    await remove();
    return cloned;
  } catch (error) {
    await remove();
    throw error;
  }
}

async function cloneInto(
  request: CloneRequest,
  directory: string,
  call: GitCall,
): Promise<Result<Omit<ClonedRepository, 'remove'>, SourceProblem>> {
  const found = await locate(request.repository, call);
  if (!found.ok) return found;
  const origin = found.value;
  const root = join(directory, 'tree');
  const { env, signal } = call;
  const protocols = env['GIT_ALLOW_PROTOCOL']?.split(':') ?? usualProtocols;
  const fetching: UserGitCall = { cwd: directory, env, protocols, ...(signal === undefined ? {} : { signal }) };
  const how = origin.isLocal ? [`--upload-pack=${localUploadPack}`] : ['--filter=blob:none'];
  const wanted = request.branch === undefined ? [] : [`--branch=${request.branch}`];
  const options = ['--quiet', '--no-checkout', '--template=', ...how, ...wanted];
  const cloned = await gitAsUser(['clone', ...options, '--end-of-options', origin.address, root], fetching);
  if (!cloned.ok) return failure(gitProblem('clone', withoutCredentials(origin.address), cloned.error));
  const inside = new RepositoryReader({ ...call, cwd: root });
  const commit = await resolveCommit(request.commit ?? 'HEAD', inside);
  if (!commit.ok) return commit;
  // On a branch its tip is checked out as the branch; a named commit is detached.
  const attached = request.commit === undefined ? await inside.read(['symbolic-ref', '--short', '-q', 'HEAD']) : null;
  const branch = attached?.ok ? attached.value.trim() : null;
  const target = branch === null ? ['--detach', commit.value] : [];
  const checkedOut = await gitAsUser(['checkout', '--quiet', ...target], { ...fetching, cwd: root });
  if (!checkedOut.ok) return failure(gitProblem('check-out', commit.value, checkedOut.error));
  return success({ root, repository: origin.repository, branch: branch ?? request.branch ?? null });
}

/** Transports that only carry data. A user who needs another one sets GIT_ALLOW_PROTOCOL, as for git itself. */
const usualProtocols = ['file', 'git', 'http', 'https', 'ssh'];

interface Origin {
  readonly address: string;
  readonly repository: string;
  /** On a disk of this machine: git reads its configuration when it serves the clone. */
  readonly isLocal: boolean;
}

async function locate(repository: string | undefined, call: GitCall): Promise<Result<Origin, SourceProblem>> {
  if (repository !== undefined && isRemoteUrl(repository)) {
    const isLocal = /^file:/i.test(repository);
    return success({ address: repository, repository: withoutCredentials(repository), isLocal });
  }
  const path = repository === undefined ? findRepositoryRoot(call.cwd) : resolve(call.cwd, repository);
  if (path === null) return failure({ kind: 'not-in-repository', directory: call.cwd });
  if (!(await isDirectory(path))) return failure({ kind: 'no-repository-at', path });
  const config = await new RepositoryReader({ ...call, cwd: path }).config();
  const url = config.ok ? config.value.entries.findLast(({ name }) => name === 'remote.origin.url')?.value : undefined;
  return success({ address: path, repository: url === undefined ? path : withoutCredentials(url), isLocal: true });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function resolveCommit(name: string, reader: RepositoryReader): Promise<Result<string, SourceProblem>> {
  for (const candidate of [name, `origin/${name}`]) {
    const found = await reader.read(['rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`]);
    if (found.ok) return success(found.value.trim());
  }
  return failure(name === 'HEAD' ? { kind: 'no-commits' } : { kind: 'unknown-commit', commit: name });
}

function gitProblem(action: 'clone' | 'check-out', subject: string, { kind, message }: GitFailure): SourceProblem {
  if (kind === 'missing') return { kind: 'git-missing' };
  const line = message.split('\n').findLast((text) => /^(fatal|error):/.test(text)) ?? message;
  return { kind: 'git-failed', action, subject, reason: line.replace(/^(fatal|error): /, '') };
}
