import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WriteStream } from 'node:tty';
import type { Command } from '../commands/Command.ts';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { didYouMean } from '../io/did-you-mean.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { visibleLines } from '../render/ansi.ts';
import { paint } from '../render/style.ts';
import { describeError } from './describe-error.ts';
import { scanArguments } from './global-options.ts';
import { createInterruption, type Interruption } from './interruption.ts';
import { ProcessOutput } from './ProcessOutput.ts';
import { commandLoaders } from './registry.ts';

/** What the completion scripts call; no command, so that it is never shown. */
const completeName = '__complete';

/** Runs `xx` with these arguments and ends the process; the one place where errors become messages and exit codes. */
export async function runProgram(args: readonly string[]): Promise<never> {
  const scan = scanArguments(args);
  const interruption = createInterruption();
  let outputError: NodeJS.ErrnoException | null = null;
  const stdout = new ProcessOutput(process.stdout as WriteStream, scan.color, process.env, (error) => {
    outputError = error;
    interruption.stop(error);
  });
  const stderr = new ProcessOutput(process.stderr as WriteStream, scan.color, process.env, () => {});
  const fail = (error: unknown): ExitCode => printError(error, stderr);
  process.on('uncaughtException', (error) => process.exit(fail(error)));

  let ended: Ended;
  try {
    ended = await dispatch(scan.command, args, { stdout, stderr, interruption });
  } catch (error) {
    const stopped = isAbort(error) && (interruption.signaled() || outputError !== null);
    ended = { exitCode: stopped ? ExitCode.interrupted : fail(error), isService: false };
  }
  await stdout.flushed();
  await stderr.flushed();
  process.exit(finalCode(ended, outputError, interruption, fail));
}

/** A closed pipe (`xx … | head`) is no failure of ours; any other write error is one; a signal is told to the shell. */
function finalCode(
  { exitCode, isService }: Ended,
  outputError: NodeJS.ErrnoException | null,
  interruption: Interruption,
  fail: (error: unknown) => ExitCode,
): ExitCode {
  if (interruption.signaled() && !isService) {
    return ExitCode.interrupted;
  }
  if (outputError === null || outputError.code === 'EPIPE') {
    return exitCode;
  }
  const reason = describeError(outputError).message;
  return fail(new CommandError(`cannot write to standard output: ${reason}`, ExitCode.machine));
}

/** How a command ended. */
interface Ended {
  readonly exitCode: ExitCode;
  /** A signal is how it should end. */
  readonly isService: boolean;
}

interface Surroundings {
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
  readonly interruption: Interruption;
}

async function dispatch(name: string | null, args: readonly string[], around: Surroundings): Promise<Ended> {
  if (args[0] === completeName) {
    const { complete } = await import('./complete.ts');
    return plainly(await complete(args.slice(1), createIo(around, null)));
  }
  const { parseArguments, asksForHelp } = await import('./parse-arguments.ts');
  if (name === null || name === 'help') {
    return plainly(await showHelp(name, args, around, asksForHelp(args)));
  }
  const load = ownLoader(commandLoaders, name);
  if (load === undefined) {
    throw unknownCommand(name);
  }
  const command = await load();
  const invocation = parseArguments(command, args);
  if (invocation.kind === 'help') {
    return plainly(await printCommandHelp(command, around));
  }
  const exitCode = await command.run(invocation.input, createIo(around, invocation.cwd));
  return { exitCode, isService: command.isService === true };
}

const plainly = (exitCode: ExitCode): Ended => ({ exitCode, isService: false });

async function showHelp(
  name: string | null,
  args: readonly string[],
  around: Surroundings,
  asked: boolean,
): Promise<ExitCode> {
  const topic =
    name === 'help' ? args.slice(args.indexOf('help') + 1).find((each) => !each.startsWith('-')) : undefined;
  if (topic !== undefined) {
    const load = ownLoader(commandLoaders, topic);
    if (load === undefined) {
      throw unknownCommand(topic);
    }
    return await printCommandHelp(await load(), around);
  }
  const option = args.find((each) => each.startsWith('-') && !/^(-h|--help|-C|--cwd|--color)(=|$)/.test(each));
  if (name === null && !asked && option !== undefined) {
    throw new CommandError(`unknown option '${option}'`, ExitCode.usage, 'see xx --help');
  }
  const { renderProgramHelp } = await import('./help-text.ts');
  const { loadAllCommands } = await import('./registry.ts');
  const helpAsked = asked || name === 'help';
  const stream = helpAsked ? around.stdout : around.stderr;
  stream.write(renderProgramHelp(await loadAllCommands(), stream));
  return helpAsked ? ExitCode.success : ExitCode.usage;
}

async function printCommandHelp(command: Command, around: Surroundings): Promise<ExitCode> {
  const { renderCommandHelp } = await import('./help-text.ts');
  around.stdout.write(renderCommandHelp(command, around.stdout));
  return ExitCode.success;
}

const ownLoader = <T>(loaders: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(loaders, name) ? loaders[name] : undefined;

function unknownCommand(name: string): CommandError {
  const near = didYouMean(name, Object.keys(commandLoaders));
  const help = near === null ? 'xx --help lists the commands' : `did you mean xx ${near}?`;
  return new CommandError(`unknown command '${name}'`, ExitCode.usage, help);
}

function createIo({ stdout, stderr, interruption }: Surroundings, cwd: string | null): CommandIo {
  return {
    stdout,
    stderr,
    env: process.env,
    cwd: cwd === null ? process.cwd() : existingDirectory(cwd),
    get interrupted() {
      return interruption.interrupted;
    },
    get killed() {
      return interruption.killed;
    },
  };
}

function existingDirectory(path: string): string {
  const absolute = resolve(path);
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CommandError(`there is no directory ${path}`, ExitCode.usage, 'see -C, --cwd');
  }
  return absolute;
}

/** Prints an error as one message and its help line, the stack only with XX_DEBUG; returns the exit code. */
function printError(error: unknown, stderr: ProcessOutput): ExitCode {
  const { message, help, exitCode } = describeError(error);
  stderr.write(`${paint(stderr, 'red', 'error')}: ${visibleLines(message)}\n`);
  if (help !== null) {
    stderr.write(`  ${paint(stderr, 'cyan', 'help')}: ${visibleLines(help)}\n`);
  }
  if (process.env['XX_DEBUG'] && error instanceof Error) {
    stderr.write(`${error.stack ?? ''}\n`);
  }
  return exitCode;
}

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'EPIPE');
