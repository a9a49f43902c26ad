import { failure, type JobVariable, type Result, success } from '@xx-pipeline/common';

/** A program for the shell of a job, and warnings about it. */
export interface ScriptText {
  readonly text: string;
  /** Variables left out, each with its reason. */
  readonly warnings: readonly string[];
}

/** Names that bash itself keeps read-only: setting them would end the program before its first command. */
const readOnlyInBash = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The program that runs a job's commands: one after the other in one shell, ended by the first that fails.
 * Each command is announced by `mark` and its index, on both streams. Fails with a sentence when a text cannot be given
 * to a shell.
 *
 * - Each command is an `eval` of its own, so that an unclosed quote or a syntax error in one cannot swallow the next.
 * - `:` behind it keeps `a && b` with a failing `a` from ending the program, as it would not in a plain script;
 *   the last command goes without, because its status is the program's.
 * - Marks go to copies of both streams, so that they never land in a file after `exec > file`; they are written with
 *   errors silenced, so that no closed descriptor makes them visible, and never into a regular file that a command
 *   opened in place of a copy. The copies are 7 and 8: `9` and `200` are what people lock files with.
 * - Tracing is off between the commands and begins again inside the `eval`: `set -x` shows the commands and no more.
 */
export function scriptText(
  commands: readonly string[],
  variables: readonly JobVariable[],
  mark: string,
): Result<ScriptText, string> {
  const warnings: string[] = [];
  const lines: string[] = [];
  for (const { name, value } of lastOfEachName(variables)) {
    if (!identifier.test(name)) {
      warnings.push(`variable ${JSON.stringify(name)} is not passed to the job: its name is no shell identifier`);
    } else if (readOnlyInBash.has(name)) {
      warnings.push(`variable ${name} is not passed to the job: the shell keeps it read-only`);
    } else if (value.includes('\0')) {
      return failure(`variable ${name} holds a NUL character, which no shell can keep`);
    } else {
      lines.push(`export ${name}=${quote(value)}`);
    }
  }
  lines.push('exec 7>&1 8>&2', 'if [ -n "${BASH_VERSION-}" ]; then set -o pipefail');
  lines.push('else case "$(set -o)" in *pipefail*) set -o pipefail ;; esac; fi', 'set -o errexit');
  for (const [index, command] of commands.entries()) {
    if (command.includes('\0')) return failure(`command ${index + 1} holds a NUL character, which no shell can read`);
    const last = index === commands.length - 1;
    lines.push(boundary(`${mark}${index}`));
    // Two line ends: the first may be escaped by a backslash at the end of the command.
    const whole = last ? command.trim() : `${command.trim()}\n\n{ :; } 2>/dev/null`;
    lines.push(`eval "$xx_trace"${quote(whole)}`);
  }
  return success({ text: `${lines.join('\n')}\n`, warnings });
}

/** What stands between two commands: the mark of the next on both streams. */
function boundary(mark: string): string {
  const write = (copy: number) => `[ -f /dev/fd/${copy} ] || command printf '%s\\n' '${mark}' >&${copy}`;
  const trace = "case $- in *x*) xx_trace='set -x;' ;; *) xx_trace= ;; esac; set +x";
  return `{ ${trace}; ${write(7)}; ${write(8)}; } 2>/dev/null || :`;
}

/** A word of the shell that stands for exactly this text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Later definitions win, as they would if all were exported in order. */
function lastOfEachName(variables: readonly JobVariable[]): Iterable<JobVariable> {
  return new Map(variables.map((variable) => [variable.name, variable])).values();
}
