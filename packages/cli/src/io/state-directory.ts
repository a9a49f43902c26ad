import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { messageOf } from '@xx-pipeline/common';
import { CommandError } from './CommandIo.ts';
import { ExitCode } from './exit-codes.ts';

/** Where `xx` keeps what outlives a command: `XX_HOME`, else `~/.xx-pipeline`. */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  const named = env['XX_HOME'];
  if (named !== undefined && named !== '') return isAbsolute(named) ? named : resolve(cwd, named);
  return join(env['HOME'] || homedir(), '.xx-pipeline');
}

/** Makes the state directory if there is none, for its owner's eyes only. Throws StateUnwritable. */
export function makeStateDirectory(path: string): void {
  try {
    makeWithParents(path);
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new StateUnwritable('write to', path, error);
  }
}

/** Step by step: Node's own `recursive` never returns where a parent takes no directories without saying why (/proc). */
function makeWithParents(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    return;
  }
  makeWithParents(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
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
    case 'ENOENT':
      return 'no directory can be made there';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
      return 'a part of the path is not a directory';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files';
    default:
      return messageOf(cause);
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
