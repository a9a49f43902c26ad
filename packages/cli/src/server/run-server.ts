import { join } from 'node:path';
import type { RunningBackend } from '@xx-pipeline/backend';
import { aborted } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { version } from '../version.ts';
import { makeStateDirectory, openBackend } from './open-backend.ts';
import { defaultAddress } from './run-backend.ts';
import { openWorker, readExecutor } from './run-worker.ts';
import { ServerLock } from './ServerLock.ts';
import { readServerRecord, writePrivately, writeServerRecord } from './server-record.ts';
import { readExposure, readLabels, readPublicUrl, readSlots, readText, serviceLog } from './service-options.ts';

/** `xx server`: a backend and one worker in this process, everything they keep in the state directory. */
export async function runServer(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const exposure = readExposure(input, io, defaultAddress);
  const slots = readSlots(input);
  const publicUrl = readPublicUrl(input);
  const home = stateDirectory(io.env, io.cwd);
  const directory = await makeStateDirectory(join(home, 'server'));
  const lock = await takeLock(directory);
  const log = serviceLog(io);
  try {
    const database = `sqlite:${join(directory, 'xx.sqlite')}`;
    const options = { ...exposure, database, stateDirectory: directory, publicUrl, version, log };
    const backend = await openBackend(options, io.env);
    try {
      await writeServerRecord(home, { url: backend.url, token: await personToken(backend, home) });
      const worker = await openWorker({
        stateDirectory: join(directory, 'worker'),
        backendUrl: backend.url,
        token: await workerToken(backend, directory),
        ...(exposure.tls !== null && { ca: readText(exposure.tls.cert) }),
        name: 'server',
        slots,
        labels: readLabels(input),
        version,
        log,
        env: io.env,
        executor: readExecutor(io),
      });
      try {
        io.stdout.write(greeting(backend.url, home, slots));
        await aborted(io.interrupted);
      } finally {
        // Jobs that run are given back: the next start goes on with them.
        await worker.close();
      }
    } finally {
      await backend.close();
    }
  } finally {
    await lock.release();
  }
  return ExitCode.success;
}

async function takeLock(directory: string): Promise<ServerLock> {
  const lock = await ServerLock.take(join(directory, 'server.lock'));
  if (lock instanceof ServerLock) return lock;
  const message = lock.here
    ? `another xx server runs on this state directory already (process ${lock.pid})`
    : `an xx server of another machine or container uses this state directory (its process ${lock.pid})`;
  const help = lock.here
    ? 'use that one, stop it, or give this one a directory of its own with XX_HOME'
    : `if it runs no more, remove ${join(directory, 'server.lock')}; else set XX_HOME to another directory`;
  throw new CommandError(message, ExitCode.machine, help);
}

/** The token of the last time, as long as the database knows it. */
async function personToken(backend: RunningBackend, home: string): Promise<string> {
  const kept = (await readServerRecord(home))?.token;
  if (kept !== undefined && (await backend.isValidToken(kept, 'person'))) return kept;
  return await backend.createToken('person', 'xx server');
}

async function workerToken(backend: RunningBackend, directory: string): Promise<string> {
  const path = join(directory, 'worker-token');
  const kept = readKept(path);
  if (kept !== null && (await backend.isValidToken(kept, 'worker'))) return kept;
  const token = await backend.createToken('worker', 'xx server');
  await writePrivately(path, `${token}\n`);
  return token;
}

function readKept(path: string): string | null {
  try {
    return readText(path);
  } catch {
    return null;
  }
}

const greeting = (url: string, home: string, slots: number) => `xx server ${version} at ${url}, ${slots} jobs at once

  xx run                     run the pipeline of a repository on it; on this machine xx finds the server by itself
  xx status, xx logs -f      look at runs
  ${join(home, 'server.json')}    address and token, for curl and other machines (XX_SERVER, XX_TOKEN)

Stop it with Ctrl-C; what runs goes on at the next start.
`;
