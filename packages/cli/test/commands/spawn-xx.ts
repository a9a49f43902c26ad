import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What a child process is started with; the environment holds nothing else. */
export interface SpawnOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs `xx` as a process of its own and waits for it. */
export function runXx(args: readonly string[], { cwd, env = {}, input = '' }: SpawnOptions) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    input,
    encoding: 'utf8',
  });
  return { status, signal, stdout, stderr };
}

/** The same as a running child, for signals and pipes. */
export function startXx(args: readonly string[], { cwd, env = {} }: SpawnOptions) {
  return spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** The command that starts `xx`, for shells. */
export const xxCommand = [process.execPath, main] as const;
