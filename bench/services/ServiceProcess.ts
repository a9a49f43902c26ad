import { readdirSync, readFileSync } from 'node:fs';
import { RunningProgram } from '../../test/rig/RunningProgram.ts';

/** A process of `xx` that serves, and what it costs. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string;
  readonly #program: RunningProgram;

  constructor(name: string, command: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    const [file = '', ...args] = command;
    this.name = name;
    this.#program = new RunningProgram(file, args, options);
  }

  get pid(): number {
    const { pid } = this.#program;
    if (pid === undefined) throw new Error(`${this.name} did not start`);
    return pid;
  }

  /** What it has said so far, on both streams. */
  get output(): string {
    return this.#program.stdout + this.#program.stderr;
  }

  /** Resolves when a pattern has appeared in its output; rejects when it ends without. */
  printed(pattern: RegExp): Promise<void> {
    return this.#program.printed(pattern);
  }

  /** CPU it has used, in milliseconds; the kernel counts in hundredths of a second. */
  get cpu(): number {
    return cpuOf(this.pid);
  }

  /** Memory it holds now, in MB. */
  get memory(): number {
    return memoryOf(this.pid, 'VmRSS');
  }

  /** The most memory it has held, in MB. */
  get peakMemory(): number {
    return memoryOf(this.pid, 'VmHWM');
  }

  send(signal: NodeJS.Signals): void {
    this.#program.send(signal);
  }

  /** Ends it; politely, so that profiles are written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill();
  }
}

/** CPU of a process, in milliseconds; 0 when it is gone. */
export function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** CPU of a process, of all its children that live, and of those that have ended, in milliseconds. */
export function cpuOfTree(root: number): number {
  let sum = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(entry) !== root && Number(fields[1]) !== root) continue;
      sum += (Number(fields[11]) + Number(fields[12])) * 10;
      if (Number(entry) === root) sum += (Number(fields[13]) + Number(fields[14])) * 10;
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

function memoryOf(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
}
