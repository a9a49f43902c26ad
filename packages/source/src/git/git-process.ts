import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { failure, type Result, success } from '@xx-pipeline/common';

/** Why a git call has no output. */
export interface GitFailure {
  /** `missing`: no git in PATH; `failed`: git reported an error. */
  readonly kind: 'missing' | 'failed';
  /** The trimmed standard error of git. */
  readonly message: string;
}

/** The standard output of a git call, or its failure. */
export type GitResult = Result<string, GitFailure>;

/** One process of git. The environment decides what it may do: see `git-environment.ts`. */
export interface GitProcess {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /**
   * Puts git into a process group of its own, and an abort kills the group: git leaves helpers such as
   * `git-remote-http` running. The group has no terminal, so that ssh cannot ask questions.
   */
  readonly ownGroup?: boolean;
}

/** Runs git without blocking. Rejects with the reason of the signal when it aborts. */
export function runGit(git: GitProcess): Promise<GitResult> {
  const { args, cwd, env, signal, ownGroup = false } = git;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let child: ChildProcess;
    try {
      child = spawn('git', ['--no-pager', ...args], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: ownGroup,
      });
    } catch (error) {
      resolve(failure(notStarted(error as NodeJS.ErrnoException)));
      return;
    }
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    // Nothing that git has open survives a kill: readers hold no locks, and clones are removed.
    const onAbort = () => (ownGroup ? killGroup(child) : child.kill('SIGKILL'));
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => stderr.push(bytes));
    child.on('error', (error: NodeJS.ErrnoException) => {
      signal?.removeEventListener('abort', onAbort);
      resolve(failure(notStarted(error)));
    });
    child.on('close', (code) => {
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0) resolve(success(Buffer.concat(stdout).toString()));
      else resolve(failure(failed(Buffer.concat(stderr).toString(), code)));
    });
  });
}

/** Runs git and blocks: for the synchronous ports of the language, which rarely call. */
export function runGitSync({ args, cwd, env }: Omit<GitProcess, 'signal' | 'ownGroup'>): GitResult {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const result = spawnSync('git', ['--no-pager', ...args], { cwd, env, stdio, maxBuffer: 1 << 30 });
  if (result.error) return failure(notStarted(result.error));
  if (result.status === 0) return success(result.stdout.toString());
  return failure(failed(result.stderr.toString(), result.status));
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function notStarted({ code, message }: NodeJS.ErrnoException): GitFailure {
  if (code === 'ENOENT') return { kind: 'missing', message: 'git is not installed or not in PATH' };
  return { kind: 'failed', message: `cannot start git: ${message}` };
}

function failed(stderr: string, code: number | null): GitFailure {
  return { kind: 'failed', message: stderr.trim() || `git ended with exit code ${code ?? 'unknown'}` };
}
