import { spawn } from 'node:child_process';
import type { SetupWorld } from './SetupCheck.ts';

/** How a program ended. */
export interface ProgramResult {
  /** Null when it could not be started, was killed or took too long. */
  readonly code: number | null;
  /** Both of its streams. */
  readonly output: string;
}

/** Runs a program to its end, or for `deadline` milliseconds, without a shell and without input. Never rejects. */
export function runProgram(
  file: string,
  args: readonly string[],
  world: Pick<SetupWorld, 'env' | 'signal'>,
  options: { readonly cwd?: string; readonly deadline?: number } = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const signal = AbortSignal.any([world.signal, AbortSignal.timeout(options.deadline ?? 600_000)]);
    const child = spawn(file, args, {
      signal,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...world.env, LC_ALL: 'C' },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = (code: number | null, more = ''): void =>
      resolve({ code, output: Buffer.concat(chunks).toString() + more });
    child.once('error', (error) => end(null, error.message));
    child.once('close', (code) => end(code));
  });
}

/** The last lines of what a program said, for an error message. */
export function lastLines(output: string, count = 6): readonly string[] {
  return output
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}
