import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, type CommandInput, type CommandIo, type OptionSpec } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';
import { stateDirectory } from '../io/state-directory.ts';

/** A server to speak to. */
export interface ServerAddress {
  /** Without a slash at its end, without user and password. */
  readonly url: string;
  readonly token: string | null;
}

/** The options of every command that speaks to a server. The token itself is never one: arguments are seen by everybody. */
export const serverOptions: readonly OptionSpec[] = [
  {
    flags: '--server <url>',
    description: 'address of the server (default: XX_SERVER, else the `xx server` of this machine)',
  },
  {
    flags: '--token-file <path>',
    description: 'file with the token (default: XX_TOKEN, else the token of `xx server`)',
  },
];

/** The record that `xx server` leaves in the state directory. */
const recordName = 'server.json';

/** Finds the server: `--server`, then XX_SERVER, then what `xx server` on this machine wrote. */
export function findServer(input: CommandInput, io: Pick<CommandIo, 'env' | 'cwd'>): ServerAddress {
  const record = readRecord(join(stateDirectory(io.env, io.cwd), recordName));
  const named = textOption(input, 'server') ?? (io.env['XX_SERVER'] || undefined);
  const url = named === undefined ? record?.url : normalizeUrl(named);
  if (url === undefined) {
    throw new CommandError(
      'no server found',
      ExitCode.machine,
      'start one with `xx server`, name one with --server or XX_SERVER, or use --local for this machine alone',
    );
  }
  return { url, token: findToken(input, io) ?? (record?.url === url ? record.token : null) };
}

function findToken(input: CommandInput, io: Pick<CommandIo, 'env' | 'cwd'>): string | null {
  const file = textOption(input, 'tokenFile');
  const given = file === undefined ? io.env['XX_TOKEN'] : readTokenFile(resolve(io.cwd, file), file);
  if (given === undefined || given.trim() === '') return null;
  const token = given.trim();
  // It becomes a header: anything else would be refused there with a message that shows it.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const source = file === undefined ? 'XX_TOKEN' : file;
  throw new CommandError(`${source} is not a token: it has blanks or control characters`, ExitCode.usage);
}

function readTokenFile(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'permission denied' : message;
    throw new CommandError(`cannot read the token file ${shown}: ${reason}`, ExitCode.usage);
  }
}

function normalizeUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`'${text}' is not a server address`, ExitCode.usage, 'write it as http://host:port');
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError(
      'a server address must not have a user or password',
      ExitCode.usage,
      'give the token as XX_TOKEN',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** null where there is none, or one that cannot be read. */
function readRecord(path: string): ServerAddress | null {
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const { url, token } = record as { url?: unknown; token?: unknown };
    if (typeof url !== 'string') return null;
    return { url: normalizeUrl(url), token: typeof token === 'string' ? token : null };
  } catch {
    return null;
  }
}
