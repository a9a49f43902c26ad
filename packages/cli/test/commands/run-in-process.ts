import { describeError } from '../../src/program/describe-error.ts';
import { parseArguments } from '../../src/program/parse-arguments.ts';
import { commandLoaders } from '../../src/program/registry.ts';
import { FakeStream, fakeIo } from '../render/FakeIo.ts';

/** What a command printed and told the shell. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs one command as `xx` would, without a process of its own. */
export async function runInProcess(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = { PATH: process.env['PATH'] },
): Promise<Outcome> {
  const stdout = new FakeStream();
  const stderr = new FakeStream();
  let exitCode = 0;
  try {
    const command = await commandLoaders[args[0] ?? '']?.();
    if (command === undefined) {
      throw new Error(`no command ${args[0]}`);
    }
    const invocation = parseArguments(command, args);
    if (invocation.kind === 'run') {
      exitCode = await command.run(invocation.input, {
        ...fakeIo(stdout, stderr),
        env,
        cwd,
      });
    }
  } catch (error) {
    const { message, help, exitCode: code } = describeError(error);
    stderr.write(`error: ${message}\n${help === null ? '' : `  help: ${help}\n`}`);
    exitCode = code;
  }
  return { stdout: stdout.text, stderr: stderr.text, exitCode };
}
