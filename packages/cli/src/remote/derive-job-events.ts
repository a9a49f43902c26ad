import type { JobEvent, JobPlan, LogChunk } from '@xx-pipeline/common';
import type { PipelineVariable } from '@xx-pipeline/pipeline-language';
import { maskText } from '../run/mask-plan.ts';

/** What xx itself prints before each command, and before the commands after the script. */
const echo = /^\x1b\[32;1m\$ /;
const afterScript = 'Running after_script';
const pulling = /^Pulling image (\S+)$/;
const pulled = /^Pulled image /;
const longestLine = 64 * 1024;

/**
 * Finds in the log of an attempt what a local run tells besides: pulls, commands and phases. Only lines of the stream `runner`
 * count, which no job can write to.
 */
export class DerivedEvents {
  readonly #commands: readonly string[];
  #index = -1;
  #afterScript = false;
  /** The unfinished line of the runner. */
  #rest = '';

  constructor(job: JobPlan | undefined, variables: readonly PipelineVariable[]) {
    this.#commands = (job?.script ?? []).map((command) => maskText(command, variables));
  }

  /** The events a stretch of the log stands for; they come before it. */
  of({ stream, at, bytes }: LogChunk): JobEvent[] {
    if (stream !== 'runner') return [];
    const lines = (this.#rest + Buffer.from(bytes).toString()).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, longestLine);
    return lines.flatMap((line) => this.#ofLine(line, at));
  }

  #ofLine(line: string, at: number): JobEvent[] {
    if (line === afterScript) {
      this.#afterScript = true;
      return [{ type: 'phase', phase: 'after_script', at }];
    }
    if (this.#afterScript) return [];
    if (this.#index < 0) {
      const image = pulling.exec(line)?.[1];
      // How far it is only the worker knows.
      if (image !== undefined) {
        return [
          { type: 'phase', phase: 'pull', at },
          { type: 'pull-progress', image, current: 0, total: 0, at },
        ];
      }
      if (pulled.test(line)) return [{ type: 'phase', phase: 'prepare', at }];
    }
    if (!echo.test(line)) return [];
    this.#index++;
    const text = this.#commands[this.#index] ?? line.replace(echo, '').replace(/\x1b\[0m$/, '');
    const command: JobEvent = { type: 'command', index: this.#index, text, at };
    return this.#index === 0 ? [{ type: 'phase', phase: 'script', at }, command] : [command];
  }
}
