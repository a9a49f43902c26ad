import { SystemFailure } from '@xx-pipeline/common';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';

/** The message of an error for a person, and its exit code for the shell. */
export interface ErrorDescription {
  readonly message: string;
  readonly help: string | null;
  readonly exitCode: ExitCode;
}

/** Turns anything thrown into one message: a mistake of the user, a failure of the machine, or a bug of xx. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof CommandError) {
    return { message: error.message, help: error.help, exitCode: error.exitCode };
  }
  if (!(error instanceof Error)) {
    return bug(String(error));
  }
  if (error instanceof SystemFailure) {
    return { message: error.message, help: error.help, exitCode: ExitCode.machine };
  }
  const sentence = systemErrorSentence(error);
  return sentence === null ? bug(error.message) : { ...sentence, exitCode: ExitCode.machine };
}

function bug(message: string): ErrorDescription {
  return {
    message: `this is a bug in xx: ${message}`,
    help: 'please report it with the output of XX_DEBUG=1 xx … (see CONTRIBUTING.md)',
    exitCode: ExitCode.machine,
  };
}

function systemErrorSentence(error: NodeJS.ErrnoException): { message: string; help: string | null } | null {
  const path = error.path === undefined ? '' : ` ${error.path}`;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: `the disk is full${path && `: cannot write${path}`}`,
        help: 'free some space, or set XX_HOME to a directory on another disk',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        message: `permission denied${path && `:${path}`}`,
        help: `check who owns it${path && ` (ls -ld${path})`}`,
      };
    case 'EROFS':
      return {
        message: `the file system is read-only${path && `:${path}`}`,
        help: 'set XX_HOME to a writable directory',
      };
    case 'ENOENT':
      return { message: `no such file or directory${path && `:${path}`}`, help: null };
    case 'ENOTDIR':
      return { message: `not a directory${path && `:${path}`}`, help: null };
    case 'EISDIR':
      return { message: `is a directory, not a file${path && `:${path}`}`, help: null };
    case 'EMFILE':
    case 'ENFILE':
      return {
        message: 'too many open files',
        help: 'raise the limit (ulimit -n 4096) or run fewer jobs at once (-j)',
      };
    case 'EIO':
      return { message: `input/output error${path && `:${path}`}`, help: null };
    default:
      return null;
  }
}
