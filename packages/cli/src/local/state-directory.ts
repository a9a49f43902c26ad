import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CommandError } from '../commands/Command.ts';
import { ExitCode } from '../exit-codes.ts';

/** Where `xx` keeps what outlives a command: `XX_HOME`, else `~/.xx-pipeline`. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  const named = env['XX_HOME'];
  if (named !== undefined && named !== '') return isAbsolute(named) ? named : resolve(cwd, named);
  return join(env['HOME'] || homedir(), '.xx-pipeline');
}

/** Thrown when the state directory cannot be used: full disk, no permission. One clear message, exit 3. */
export class StateUnwritable extends CommandError {
  constructor(what: string, path: string, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException | null)?.code;
    super(`cannot ${what} ${path}: ${explain(code, cause)}`, ExitCode.machine, help(code));
    this.cause = cause;
  }
}

function explain(code: string | undefined, cause: unknown): string {
  switch (code) {
    case 'ENOSPC':
      return 'no space left on the disk';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EFBIG':
      return 'the file is larger than this system or its limits (ulimit -f) allow';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
      return 'a part of the path is not a directory';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function help(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'free some space, or set XX_HOME to a directory on another disk';
    case 'EMFILE':
    case 'ENFILE':
      return 'raise the limit (ulimit -n 4096), or run fewer jobs at once (-j)';
    default:
      return 'set XX_HOME to a directory you can write to';
  }
}
