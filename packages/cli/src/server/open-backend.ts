import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackendOptions,
  checkDatabase,
  type RunningBackend,
  readLeases,
  StorageError,
  startBackend,
} from '@xx-pipeline/backend';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { StateUnwritable } from '../io/state-directory.ts';
import { usageError } from './service-options.ts';

/** Starts a backend; what the machine or the database refuses becomes one clear message. */
export async function openBackend(
  options: Omit<BackendOptions, 'leases'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunningBackend> {
  const leases = readLeases(env);
  if (!leases.ok) throw usageError(leases.error);
  return await explainFailures(options.listen.port, () => startBackend({ ...options, leases: leases.value }));
}

/** Does something with stores; their failures become one clear message. */
export async function explainFailures<T>(port: number | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof StorageError) throw new CommandError(error.message, ExitCode.machine);
    if (code === 'EADDRINUSE') {
      const help = 'is another server running? --listen takes another port';
      throw new CommandError(`something else listens at port ${port}`, ExitCode.machine, help);
    }
    if (code === 'EACCES' && port !== null && port < 1024) {
      throw new CommandError(`port ${port} is for root alone`, ExitCode.machine, '--listen takes another port');
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new CommandError('this machine has no such address to listen at', ExitCode.usage, 'see --listen');
    }
    throw error;
  }
}

/** Makes the directory of a service, for its owner alone. */
export async function makeStateDirectory(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StateUnwritable('make', path, error);
  }
  return path;
}

/** `--database`, else XX_DATABASE, else a file in the state directory. */
export function databaseUrl(given: string | undefined, stateDirectory: string): string {
  const checked = checkDatabase(given ?? `sqlite:${join(stateDirectory, 'xx.sqlite')}`);
  if (!checked.ok) throw usageError(checked.error);
  return checked.value;
}
