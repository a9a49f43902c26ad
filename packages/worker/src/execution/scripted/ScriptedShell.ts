import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../errors.ts';
import type { OutputSink, ScriptExit, ShellScript } from '../JobExecutor.ts';
import type { MemoryWorkspace } from './MemoryWorkspace.ts';
import { readScriptText } from './read-script-text.ts';

const terminated = 143;
const killed = 137;

/**
 * Understands a few commands, so that pipeline files made for it behave as told:
 *
 *   print TEXT | warn TEXT       a line on stdout or stderr; echo is print
 *   flood BYTES                  that much output, in lines
 *   sleep SECONDS                on the clock; ends on TERM
 *   hang                         until KILL, whatever TERM says
 *   write FILE TEXT | link FILE TARGET | read FILE
 *   exit CODE | true | false | fail
 *   oom                          ends as if the engine had killed it
 *   break TEXT                   the machinery fails
 *
 * `$NAME` and `${NAME}` stand for variables. Anything else is not found: exit code 127.
 */
export class ScriptedShell {
  readonly #clock: Clock;
  readonly #workspace: MemoryWorkspace;
  readonly #output: OutputSink;
  readonly #terminate = new AbortController();
  readonly #kill = new AbortController();
  #variables: ReadonlyMap<string, string> = new Map();
  /** While it is paused: what it waits for before its next command. */
  #pause: PromiseWithResolvers<void> | null = null;

  constructor(clock: Clock, workspace: MemoryWorkspace, output: OutputSink) {
    this.#clock = clock;
    this.#workspace = workspace;
    this.#output = output;
  }

  interrupt(force: boolean): void {
    this.#terminate.abort();
    if (!force) return;
    this.#kill.abort();
    this.unpause();
  }

  pause(): void {
    this.#pause ??= Promise.withResolvers();
  }

  unpause(): void {
    this.#pause?.resolve();
    this.#pause = null;
  }

  async run(script: ShellScript): Promise<ScriptExit> {
    const { variables, commands } = readScriptText(script.text);
    this.#variables = variables;
    for (const [index, command] of commands.entries()) {
      while (this.#pause !== null) await this.#pause.promise;
      this.#output.mark(index, this.#clock.now());
      const exit = await this.#command(this.#expand(command.trim()));
      if (exit !== null) return exit;
    }
    return { exitCode: 0, outOfMemory: false };
  }

  /** Null when the script goes on. */
  async #command(command: string): Promise<ScriptExit | null> {
    // Always a turn of its own, so that interrupts and other jobs get theirs.
    await Promise.resolve();
    if (this.#terminate.signal.aborted) return exitWith(this.#kill.signal.aborted ? killed : terminated);
    const [, name = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(command) ?? [];
    const [, first = '', more = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
    switch (name) {
      case 'print':
      case 'echo':
        return this.#print('stdout', `${rest}\n`);
      case 'warn':
        return this.#print('stderr', `${rest}\n`);
      case 'flood':
        return this.#flood(Number(first));
      case 'sleep':
        return this.#wait(Number(first) * 1000, this.#terminate.signal, terminated);
      case 'hang':
        return this.#wait(Number.MAX_SAFE_INTEGER, this.#kill.signal, killed);
      case 'write':
        this.#workspace.write(first, more);
        return null;
      case 'link':
        this.#workspace.link(first, more);
        return null;
      case 'read': {
        const text = this.#workspace.read(first);
        return text === null ? exitWith(1) : this.#print('stdout', `${text}\n`);
      }
      case 'exit':
        return exitWith(Number(first));
      case 'true':
      case ':':
      case '':
        return null;
      case 'false':
      case 'fail':
        return exitWith(1);
      case 'oom':
        return { exitCode: killed, outOfMemory: true };
      case 'break':
        throw new ExecutionBroken(rest);
      default:
        await this.#print('stderr', `${name}: not found\n`);
        return exitWith(127);
    }
  }

  async #print(stream: 'stdout' | 'stderr', text: string): Promise<null> {
    await this.#output.write(stream, Buffer.from(text), this.#clock.now());
    return null;
  }

  async #flood(bytes: number): Promise<ScriptExit | null> {
    const block = Buffer.alloc(65_536, 'y\n');
    for (let left = bytes; left > 0; left -= block.length) {
      if (this.#terminate.signal.aborted) return exitWith(terminated);
      await this.#output.write(
        'stdout',
        Buffer.from(block.subarray(0, Math.min(left, block.length))),
        this.#clock.now(),
      );
    }
    return null;
  }

  async #wait(ms: number, signal: AbortSignal, code: number): Promise<ScriptExit | null> {
    return this.#clock.sleep(Math.min(ms, 2 ** 30), signal).then(
      () => null,
      () => exitWith(code),
    );
  }

  #expand(text: string): string {
    return text.replace(
      /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g,
      (_, plain, braced) => this.#variables.get(plain ?? braced) ?? '',
    );
  }
}

const exitWith = (exitCode: number): ScriptExit => ({ exitCode, outOfMemory: false });
