import type { Random } from './Random.ts';

/** Something that goes wrong, and what must be true afterwards. */
export interface FaultCase {
  readonly number: number;
  /** What goes wrong. */
  readonly title: string;
  /** What is done to make it go wrong. */
  readonly done: string;
  /** What is audited beyond what every run's audit asks. */
  readonly audited: string;
  /** What it needs that not every machine has; null when this one has it. */
  missing?(): string | null;
  /** One run; resolves with what exactly was done this time, rejects when the audit finds something. */
  run(random: Random, seed: number): Promise<string>;
}
