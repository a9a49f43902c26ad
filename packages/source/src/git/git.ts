import { spawn, spawnSync } from 'node:child_process';

/** Why a git call gave nothing. */
export interface GitFailure {
  /** `missing`: there is no git; `failed`: git said no. */
  readonly kind: 'missing' | 'failed';
  /** What git wrote to standard error, trimmed. */
  readonly message: string;
}

/** Where and under what limits git runs. */
export interface GitCall {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Settings of every call: nothing in a repository's configuration may start a program, wait for a person or speak
 * a transport that runs commands. Paths from outside always stand behind `--end-of-options` or `--`.
 */
const hardening = [
  '--no-pager',
  '--no-optional-locks',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'protocol.ext.allow=never',
  '-c',
  'protocol.file.allow=user',
  '-c',
  'diff.external=',
  '-c',
  'core.quotePath=false',
];

/** Set by git for its own children (hooks); they would point our calls at another repository. */
const repositoryVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_CONFIG_COUNT',
  'GIT_EXTERNAL_DIFF',
];

function gitEnvironment(env: GitCall['env']): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = { ...env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
  for (const name of repositoryVariables) delete result[name];
  return result;
}

const missing: GitFailure = { kind: 'missing', message: 'git is not installed or not in PATH' };

function failed(stderr: string, code: number | null): GitFailure {
  return { kind: 'failed', message: stderr.trim() || `git ended with exit code ${code ?? 'unknown'}` };
}

/** What a git call printed, or why it failed. Rejects with the signal's reason when aborted. */
export type GitResult =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly failure: GitFailure };

/** Runs git without blocking; about 5 ms each, so callers start them early and side by side. */
export function git(args: readonly string[], call: GitCall): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    if (call.signal?.aborted) {
      reject(call.signal.reason);
      return;
    }
    const child = spawn('git', [...hardening, ...args], {
      cwd: call.cwd,
      env: gitEnvironment(call.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const onAbort = () => child.kill('SIGTERM');
    call.signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
    child.on('error', (error: NodeJS.ErrnoException) => {
      call.signal?.removeEventListener('abort', onAbort);
      if (error.code === 'ENOENT') resolve({ ok: false, failure: missing });
      else resolve({ ok: false, failure: { kind: 'failed', message: `cannot start git: ${error.message}` } });
    });
    child.on('close', (code) => {
      call.signal?.removeEventListener('abort', onAbort);
      if (call.signal?.aborted) reject(call.signal.reason);
      else if (code === 0) resolve({ ok: true, output: Buffer.concat(stdout).toString() });
      else resolve({ ok: false, failure: failed(Buffer.concat(stderr).toString(), code) });
    });
  });
}

/** Runs git while everything else waits: for the ports of the language that are synchronous and rarely called. */
export function gitSync(args: readonly string[], call: GitCall): GitResult {
  const result = spawnSync('git', [...hardening, ...args], {
    cwd: call.cwd,
    env: gitEnvironment(call.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 30,
  });
  if (result.error) {
    const code = (result.error as NodeJS.ErrnoException).code;
    return { ok: false, failure: code === 'ENOENT' ? missing : { kind: 'failed', message: result.error.message } };
  }
  if (result.status === 0) return { ok: true, output: result.stdout.toString() };
  return { ok: false, failure: failed(result.stderr.toString(), result.status) };
}
