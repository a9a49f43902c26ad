import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { SourceUnavailable } from './SourceUnavailable.ts';

/** How git may be used. */
export interface GitRules {
  /** Transports: `https`, `ssh`, … Not `file`: the worker's own disk is nobody's business. */
  readonly protocols: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Nothing in a repository may start a program here, and nothing waits for a person. */
const hardening = [
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'protocol.ext.allow=never'],
  ...['-c', 'submodule.recurse=false'],
  ...['-c', 'fetch.recurseSubmodules=false'],
  ...['-c', 'advice.detachedHead=false'],
  ...['-c', 'gc.auto=0'],
];

/**
 * Checks out one commit of a repository into a directory, with as little of its history as the server lets us ask for.
 * The address is handed over in the environment: it may hold a password, and arguments can be seen by everybody.
 */
export async function fetchGitTree(
  url: string,
  commit: string,
  directory: string,
  rules: GitRules,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const git = (args: readonly string[]) => runGit(args, directory, url, rules, signal);
  await must(git(['init', '--quiet', '.']), 'cannot make a repository', url);
  const quick = await git(['fetch', '--quiet', '--depth=1', '--no-tags', 'origin', commit]);
  if (!quick.ok) {
    // Servers that give no single commits, or know no shallow fetch: all branches and tags then.
    const refs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
    const all = await git(['fetch', '--quiet', 'origin', ...refs]);
    if (!all.ok) throw unavailable('cannot fetch', url, quick.message.includes(commit) ? all.message : quick.message);
  }
  await must(git(['checkout', '--quiet', '--detach', commit, '--']), `cannot check out ${commit}`, url);
  const address = withoutCredentials(url);
  await must(git(['config', 'remote.origin.url', address]), 'cannot note where the repository came from', url);
}

type GitResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

function runGit(
  args: readonly string[],
  cwd: string,
  url: string,
  rules: GitRules,
  signal: AbortSignal,
): Promise<GitResult> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const { PATH, HOME, SSH_AUTH_SOCK, https_proxy, http_proxy, no_proxy, GIT_SSL_CAINFO } = rules.env;
    const child = spawn('git', [...hardening, ...args], {
      cwd,
      env: {
        PATH,
        HOME,
        ...defined({ SSH_AUTH_SOCK, https_proxy, http_proxy, no_proxy, GIT_SSL_CAINFO }),
        LC_ALL: 'C',
        GIT_TERMINAL_PROMPT: '0',
        GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
        GIT_ALLOW_PROTOCOL: rules.protocols.join(':'),
        GIT_LFS_SKIP_SMUDGE: '1',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'remote.origin.url',
        GIT_CONFIG_VALUE_0: url,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4000);
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => {
      signal.removeEventListener('abort', stop);
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      resolve({ ok: false, message: missing ? 'git is not installed on this worker' : error.message });
    });
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve({ ok: true });
      else resolve({ ok: false, message: said.trim() || `git ended with exit code ${code}` });
    });
  });
}

async function must(call: Promise<GitResult>, what: string, url: string): Promise<void> {
  const result = await call;
  if (!result.ok) throw unavailable(what, url, result.message);
}

function unavailable(what: string, url: string, said: string): SourceUnavailable {
  const line = said.split('\n').findLast((text) => /^(fatal|error):/.test(text)) ?? said.split('\n')[0] ?? '';
  return new SourceUnavailable(`${what} (${withoutCredentials(url)}): ${masked(line)}`);
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

const masked = (text: string): string => text.replaceAll(/([a-z+]+:\/\/)[^/@\s]*@/gi, '$1');

const defined = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
