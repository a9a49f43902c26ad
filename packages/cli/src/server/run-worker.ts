import { join, resolve } from 'node:path';
import { isLoopback } from '@xx-pipeline/backend';
import { aborted } from '@xx-pipeline/common';
import type { StartedWorker, StartWorkerOptions } from '@xx-pipeline/worker';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { version } from '../version.ts';
import { explainFailures, makeStateDirectory } from './open-backend.ts';
import { readExposure, readLabels, readPublicUrl, readSlots, readText, serviceLog } from './service-options.ts';

/** `xx worker`: runs jobs until it is told to stop; then those that run may end, at a second signal they are given back. */
export async function runWorker(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const options = await readWorkerOptions(input, io);
  const worker = await openWorker(options);
  await aborted(io.interrupted);
  await Promise.race([worker.drain(), aborted(io.killed)]);
  await worker.close();
  return ExitCode.success;
}

/** Starts a worker; what the machine refuses becomes one clear message. */
export async function openWorker(options: StartWorkerOptions): Promise<StartedWorker> {
  const { startWorker, WorkerNotStarted } = await import('@xx-pipeline/worker');
  return await explainFailures(options.listen?.port ?? null, async () => {
    try {
      return await startWorker(options);
    } catch (error) {
      if (error instanceof WorkerNotStarted) throw new CommandError(error.message, ExitCode.machine);
      throw error;
    }
  });
}

async function readWorkerOptions(input: CommandInput, io: CommandIo): Promise<StartWorkerOptions> {
  const log = serviceLog(io);
  const listens = textOption(input, 'listen') !== undefined;
  const exposure = readExposure(input, io, '127.0.0.1:0');
  const backendUrl = readBackendUrl(input, io);
  const token = readToken(input, io);
  if (backendUrl === null && !listens) {
    throw new CommandError(
      'no backend given',
      ExitCode.usage,
      'give --backend URL (or XX_BACKEND), or --listen to accept jobs from backends',
    );
  }
  if (token === null) {
    const help = 'xx backend token create --role worker makes one; give it as XX_WORKER_TOKEN or --token-file';
    throw new CommandError('a worker needs a token', ExitCode.usage, help);
  }
  if (textOption(input, 'token') !== undefined) {
    log.warn('the token is among the arguments, where every user of this machine can read it; prefer --token-file');
  }
  if (backendUrl?.startsWith('http:') && !isLoopback(new URL(backendUrl).hostname.replace(/^\[|\]$/g, ''))) {
    log.warn('the backend is reached without TLS: whoever listens in can read tokens and sources', { backendUrl });
  }
  const given = textOption(input, 'stateDirectory');
  const directory = given === undefined ? join(stateDirectory(io.env, io.cwd), 'worker') : resolve(io.cwd, given);
  const [name, advertiseUrl] = [textOption(input, 'name'), readPublicUrl(input)];
  return {
    stateDirectory: await makeStateDirectory(directory),
    backendUrl,
    token,
    listen: listens ? { ...exposure.listen, tls: exposure.tls } : null,
    poll: input.options['poll'] === true,
    slots: readSlots(input),
    labels: readLabels(input),
    version,
    log,
    env: io.env,
    executor: readExecutor(io),
    ...(name !== undefined && { name }),
    ...(advertiseUrl !== null && { advertiseUrl }),
  };
}

function readBackendUrl(input: CommandInput, io: CommandIo): string | null {
  const text = textOption(input, 'backend') ?? (io.env['XX_BACKEND'] || undefined);
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(
      `'${text}' is no address of a backend`,
      ExitCode.usage,
      'write it as https://ci.example.org',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError('an address has no user and password', ExitCode.usage, 'give the token as XX_WORKER_TOKEN');
  }
  return url.href.replace(/\/+$/, '');
}

function readToken(input: CommandInput, io: CommandIo): string | null {
  const file = textOption(input, 'tokenFile');
  const token =
    file === undefined
      ? (textOption(input, 'token') ?? io.env['XX_WORKER_TOKEN'] ?? '').trim()
      : readText(resolve(io.cwd, file));
  if (token === '') return null;
  if (/^[\w.~+/=-]{16,256}$/.test(token)) return token;
  throw new CommandError('that is no token: it has 16 to 256 letters, digits and -._~+/=', ExitCode.usage);
}

/** The executor of a worker: `XX_EXECUTOR=scripted` for jobs that only pretend, to try out and to measure without an engine. */
export function readExecutor(io: CommandIo): 'docker' | 'scripted' {
  const name = io.env['XX_EXECUTOR'] || 'docker';
  if (name === 'docker' || name === 'scripted') return name;
  throw new CommandError(`'${name}' in XX_EXECUTOR is no executor`, ExitCode.usage, 'docker or scripted');
}
