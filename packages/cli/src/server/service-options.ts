import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type ConfigProblem, checkExposure, type ListenAddress, parseListenAddress } from '@xx-pipeline/backend';
import { systemClock } from '@xx-pipeline/common';
import { createServiceLog, type ServiceLog, type TlsFiles } from '@xx-pipeline/service';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';

/** Where a service listens and with which certificate. */
export interface Exposure {
  readonly listen: ListenAddress;
  readonly tls: TlsFiles | null;
}

/** Reads `--listen`, `--tls-cert`, `--tls-key` and `--insecure`; refuses to serve a network in clear. */
export function readExposure(input: CommandInput, io: CommandIo, defaultAddress: string): Exposure {
  const parsed = parseListenAddress(textOption(input, 'listen') ?? defaultAddress);
  if (!parsed.ok) throw usageError(parsed.error);
  const tls = readTls(input, io);
  const checked = checkExposure(parsed.value, { tls, insecure: input.options['insecure'] === true });
  if (!checked.ok) throw usageError(checked.error);
  return { listen: parsed.value, tls };
}

function readTls(input: CommandInput, io: CommandIo): TlsFiles | null {
  const [cert, key] = [textOption(input, 'tlsCert'), textOption(input, 'tlsKey')];
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) {
    throw new CommandError('--tls-cert and --tls-key belong together', ExitCode.usage);
  }
  const files = { cert: resolve(io.cwd, cert), key: resolve(io.cwd, key) };
  for (const path of Object.values(files)) readText(path);
  return files;
}

/** `--slots`, else what this machine can do. */
export function readSlots(input: CommandInput): number {
  const text = textOption(input, 'slots');
  if (text === undefined) return availableParallelism() + 2;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new CommandError(`'${text}' is not a number of slots`, ExitCode.usage, 'give a number from 1 to 999');
}

/** `--labels a,b`. */
export function readLabels(input: CommandInput): readonly string[] {
  const labels = (textOption(input, 'labels') ?? '').split(',').map((label) => label.trim());
  return [...new Set(labels.filter((label) => label !== ''))];
}

/** `--public-url`, without a slash at its end. */
export function readPublicUrl(input: CommandInput): string | null {
  const text = textOption(input, 'publicUrl');
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`'${text}' is no address`, ExitCode.usage, 'write it as https://ci.example.org');
  }
  return url.href.replace(/\/+$/, '');
}

/** A token from a file named by an option. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : message;
    throw new CommandError(`cannot read ${path}: ${reason}`, ExitCode.usage);
  }
}

/** The log of a service, on standard error. */
export const serviceLog = (io: CommandIo): ServiceLog => createServiceLog(io.stderr, systemClock);

/** What is wrong with the configuration, as the command line tells it. */
export const usageError = ({ message, help }: ConfigProblem) => new CommandError(message, ExitCode.usage, help);
