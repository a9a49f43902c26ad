import { mkdir } from 'node:fs/promises';
import { type GitFailure, gitAsUser } from '@xx-pipeline/source/git';
import { SourceUnavailable } from './SourceUnavailable.ts';

/** Limits on what git may do. */
export interface GitRules {
  /** Transports: `https`, `ssh`, … Not `file`: jobs must not read the disk of the worker. */
  readonly protocols: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Checks out one commit of a repository into a directory, with as little of its history as the server allows.
 * The address is passed in the environment: it may contain a password, and every process can read arguments.
 */
export async function fetchGitTree(
  url: string,
  commit: string,
  directory: string,
  rules: GitRules,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const call = {
    cwd: directory,
    env: environmentOf(rules.env),
    protocols: rules.protocols,
    config: [['remote.origin.url', url]],
    signal,
  } as const;
  const must = async (args: readonly string[], what: string): Promise<void> => {
    const result = await gitAsUser(args, call);
    if (!result.ok) throw unavailable(what, url, result.error);
  };
  await must(['init', '--quiet', '.'], 'cannot make a repository');
  const quick = await gitAsUser(['fetch', '--quiet', '--depth=1', '--no-tags', 'origin', commit], call);
  if (!quick.ok) {
    // Servers that serve no single commits, or no shallow fetch: all branches and tags then.
    const refs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
    const all = await gitAsUser(['fetch', '--quiet', 'origin', ...refs], call);
    if (!all.ok) throw unavailable('cannot fetch', url, quick.error.message.includes(commit) ? all.error : quick.error);
  }
  await must(['checkout', '--quiet', '--detach', commit, '--'], `cannot check out ${commit}`);
  await must(['config', 'remote.origin.url', withoutCredentials(url)], 'cannot note where the repository came from');
}

/** What git needs of the worker's environment, and no more: the rest may contain secrets. */
function environmentOf(env: GitRules['env']): Record<string, string> {
  const { PATH, HOME, SSH_AUTH_SOCK, https_proxy, http_proxy, no_proxy, GIT_SSL_CAINFO } = env;
  const kept = { PATH, HOME, SSH_AUTH_SOCK, https_proxy, http_proxy, no_proxy, GIT_SSL_CAINFO };
  return { ...defined(kept), GIT_SSH_COMMAND: 'ssh -oBatchMode=yes', GIT_LFS_SKIP_SMUDGE: '1' };
}

function unavailable(what: string, url: string, { kind, message }: GitFailure): SourceUnavailable {
  if (kind === 'missing')
    return new SourceUnavailable(`${what} (${withoutCredentials(url)}): git is not installed on this worker`);
  const line = message.split('\n').findLast((text) => /^(fatal|error):/.test(text)) ?? message.split('\n')[0] ?? '';
  return new SourceUnavailable(`${what} (${withoutCredentials(url)}): ${masked(line)}`);
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

const masked = (text: string): string => text.replaceAll(/([a-z+]+:\/\/)[^/@\s]*@/gi, '$1');

const defined = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
