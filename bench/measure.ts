import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A command to measure. */
export interface Measured {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where its standard output goes; to nowhere if left out. */
  readonly output?: string;
}

/** What one run of a command cost. */
export interface Cost {
  readonly milliseconds: number;
  /** Of the process and all it waited for, in milliseconds. */
  readonly cpu: number;
  /** Most memory the process itself held, in MB; 0 where it ended before it could be looked at. */
  readonly peak: number;
}

/** Runs a command once. Throws if it fails. */
export async function measure({ name, command, cwd, env, output }: Measured): Promise<Cost> {
  const [file = '', ...args] = command;
  const stdout = openSync(output ?? '/dev/null', 'w');
  const cpuBefore = await childrenCpu();
  const startedAt = performance.now();
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', stdout, 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakMemory(child.pid));
  }, 50);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const milliseconds = performance.now() - startedAt;
  clearInterval(watch);
  closeSync(stdout);
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${Buffer.concat(errors).toString().slice(-2000)}`);
  return { milliseconds, cpu: (await childrenCpu()) - cpuBefore, peak };
}

/** Alternates two commands, so that both meet the machine in the same moods; after one run of each to warm up. */
export async function measurePairs(one: Measured, other: Measured, pairs: number): Promise<readonly [Cost[], Cost[]]> {
  const costs: [Cost[], Cost[]] = [[], []];
  await measure(one);
  await measure(other);
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const index of order) costs[index].push(await measure(index === 0 ? one : other));
  }
  return costs;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = sorted.length % 2 === 0 ? sorted.slice(middle - 1) : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}

/** The median of the ratios of each pair. */
export function medianRatio(one: readonly number[], other: readonly number[]): number {
  return median(one.map((value, index) => value / (other[index] ?? Number.NaN)));
}

/** CPU time of all children that have ended, in milliseconds; the kernel counts in hundredths of a second. */
async function childrenCpu(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function peakMemory(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
