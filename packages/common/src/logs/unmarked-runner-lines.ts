import type { RunnerLine } from './runner-lines.ts';

// Lines of workers from before marks (0.1.0, November 2026), known by their text alone. Logs keep them for as long as
// they are stored; what this file finds in them are only details of the display, so it goes when 0.1 is forgotten.

const echo = /^\x1b\[32;1m\$ (.*?)(?:\x1b\[0m)?$/;

/** Reads the unmarked lines of one attempt, in their order. */
export class UnmarkedRunnerLines {
  #nextCommand = 0;
  #isAfterScript = false;

  read(text: string): RunnerLine {
    if (text === 'Running after_script') {
      this.#isAfterScript = true;
      return { kind: 'after-script' };
    }
    const command = echo.exec(text)?.[1];
    if (command !== undefined) {
      return this.#isAfterScript
        ? { kind: 'after-command', text: command }
        : { kind: 'command', index: this.#nextCommand++, text: command };
    }
    // Whatever looks like a pull later was printed by something else.
    if (this.#nextCommand > 0) return { kind: 'note', text };
    const image = /^Pulling image (\S+)$/.exec(text)?.[1];
    if (image !== undefined) return { kind: 'pull', image };
    const [, pulled, took = ''] = /^Pulled image (\S+) in (.*)$/.exec(text) ?? [];
    return pulled === undefined ? { kind: 'note', text } : { kind: 'pulled', image: pulled, took };
  }
}

/** Whether an unmarked line announced the log limit or what was left out beyond it. */
export function unmarkedLimitKind(text: string): 'log-limit' | 'gap' | null {
  if (text.startsWith('WARNING: log limit of ')) return 'log-limit';
  return text.includes(' of output left out here: see above') ? 'gap' : null;
}
