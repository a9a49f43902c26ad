import type { ExecutionStatus } from '@xx-pipeline/common';
import { compositeStatus, type JobState, StateBit, symbolOf, unsettled } from './composite-status.ts';
import { actionOf, admits, type JobDecision, type Previous } from './decide.ts';
import type { PlanIndex } from './PlanIndex.ts';
import { skipReason, startReason } from './reasons.ts';
import { StateCounts } from './StateCounts.ts';

/**
 * Decides which jobs' turn has come. Costs as much as has changed, not as many jobs as there are.
 *
 *   set(job, state)* --> decide() --> set(job, state)* --> decide() ...
 *
 * A decision counts as taken: the job is PENDING, MANUAL or SKIPPED from then on, which later jobs of the same call see.
 * Any state may be set at any time, also an earlier one again (a person retries a job).
 */
export class ProgressTracker {
  readonly #index: PlanIndex;
  readonly #symbols: number[];
  /** How many jobs of each stage have each state. */
  readonly #stageCounts: StateCounts[];
  /** How many needs of each job are unsettled. */
  readonly #openNeeds: number[];
  /** Jobs to decide about. */
  readonly #candidates = new Set<number>();
  /** All stages before this one are settled. */
  #frontier = 0;
  /** United states of all stages before each stage up to the frontier. */
  readonly #before: number[] = [0];
  /** By states: the first job found in one of them. */
  readonly #firsts = new Map<number, number>();

  /** Every job is CREATED at first. */
  constructor(index: PlanIndex) {
    this.#index = index;
    this.#symbols = index.jobs.map(() => StateBit.created);
    this.#stageCounts = index.plan.stages.map(({ jobs }) => {
      const counts = new StateCounts();
      counts.add(StateBit.created, jobs.length);
      return counts;
    });
    this.#openNeeds = index.needs.map((needs) => needs?.length ?? 0);
    for (const [number, needs] of index.needs.entries()) if (needs?.length === 0) this.#candidates.add(number);
    for (const number of index.stageOrdered[0] ?? []) this.#candidates.add(number);
  }

  /** Sets the state of a job. */
  set(jobName: string, state: JobState): void {
    const number = this.#index.numberOf.get(jobName);
    if (number === undefined) throw new Error(`the plan has no job "${jobName}"`);
    this.#change(number, symbolOf(state));
  }

  /** The same by the job's number in the index. */
  setNumber(number: number, state: JobState): void {
    if (number >= this.#symbols.length) throw new Error(`the plan has no job number ${number}`);
    this.#change(number, symbolOf(state));
  }

  /** The jobs whose turn has come or can no longer come, in order of the plan. */
  decide(): JobDecision[] {
    const decided: [number, JobDecision][] = [];
    this.#advance();
    for (const number of this.#candidates) {
      // The loop also sees candidates that its own decisions add behind.
      this.#candidates.delete(number);
      const decision = this.#decideJob(number);
      if (decision === null) continue;
      decided.push([number, decision]);
      this.#change(number, symbolAfter(decision));
      this.#advance();
    }
    return decided.sort(([a], [b]) => a - b).map(([, decision]) => decision);
  }

  #decideJob(number: number): JobDecision | null {
    const job = this.#index.jobs[number];
    if (job === undefined || this.#symbols[number] !== StateBit.created) return null;
    const previous = this.#previousOf(number);
    if (previous === null) return null;
    const admitted = admits(job.when, previous, job.needs !== null);
    const findCulprit = (states: number) => this.#firstBefore(number, states);
    if (!admitted) return { job, decision: 'skip', reason: skipReason(job, previous, findCulprit) };
    const isFirst = (this.#before[this.#index.stageOf[number] ?? 0] ?? 0) === 0;
    return { job, decision: actionOf(job.when), reason: startReason(job, isFirst, findCulprit) };
  }

  /** The status of what comes before a job; null while that is open. */
  #previousOf(number: number): Previous | null {
    const needs = this.#index.needs[number] ?? null;
    if (needs === null) {
      const stage = this.#index.stageOf[number] ?? 0;
      return stage > this.#frontier ? null : settledStatus(this.#before[stage] ?? 0);
    }
    let set = 0;
    for (const needed of needs) set |= this.#symbols[needed] ?? 0;
    const neverRan = (set & (StateBit.skipped | StateBit.ignored)) !== 0;
    // A need that does not run at all skips its dependents at once; one that runs in any case still waits for the rest.
    if (neverRan && (this.#openNeeds[number] === 0 || this.#index.jobs[number]?.when !== 'always')) return 'SKIPPED';
    return (set & unsettled) !== 0 ? null : settledStatus(set);
  }

  #change(number: number, symbol: number): void {
    const old = this.#symbols[number] ?? 0;
    if (old === symbol) return;
    const stage = this.#index.stageOf[number] ?? 0;
    this.#symbols[number] = symbol;
    const counts = this.#stageCounts[stage];
    counts?.add(old, -1);
    counts?.add(symbol, 1);
    this.#frontier = Math.min(this.#frontier, stage);
    if (symbol === StateBit.created) this.#candidates.add(number);
    const opened = Number((symbol & unsettled) !== 0) - Number((old & unsettled) !== 0);
    for (const dependent of this.#index.dependents[number] ?? []) {
      this.#openNeeds[dependent] = (this.#openNeeds[dependent] ?? 0) + opened;
      const neverRuns = (symbol & (StateBit.skipped | StateBit.ignored)) !== 0;
      if (this.#openNeeds[dependent] === 0 || neverRuns) this.#candidates.add(dependent);
    }
  }

  /** Moves the frontier over settled stages; the stage-ordered jobs of every stage it reaches become candidates. */
  #advance(): void {
    for (;;) {
      const set = this.#stageCounts[this.#frontier]?.set;
      if (set === undefined || (set & unsettled) !== 0) return;
      this.#before[this.#frontier + 1] = (this.#before[this.#frontier] ?? 0) | set;
      this.#frontier += 1;
      for (const number of this.#index.stageOrdered[this.#frontier] ?? []) this.#candidates.add(number);
    }
  }

  /** The first job before this one whose state is among the given. */
  #firstBefore(number: number, states: number): string | null {
    const has = (other: number) => ((this.#symbols[other] ?? 0) & states) !== 0;
    const needs = this.#index.needs[number] ?? null;
    const found = needs === null ? this.#firstOf(states, has, this.#index.stageOf[number] ?? 0) : needs.find(has);
    return found === undefined ? null : (this.#index.jobs[found]?.name ?? null);
  }

  /** Among the jobs of earlier stages, remembered: a failure may skip thousands for the same reason. */
  #firstOf(states: number, has: (number: number) => boolean, stage: number): number | undefined {
    const known = this.#firsts.get(states);
    if (known !== undefined && has(known) && (this.#index.stageOf[known] ?? 0) < stage) return known;
    const found = this.#symbols.findIndex((_symbol, number) => has(number));
    if (found < 0) return undefined;
    this.#firsts.set(states, found);
    return found;
  }
}

function settledStatus(set: number): Previous {
  const status: ExecutionStatus = compositeStatus(set) ?? 'SUCCESS';
  if (status === 'SUCCESS' || status === 'FAILED' || status === 'CANCELED' || status === 'SKIPPED') return status;
  throw new Error(`jobs that are settled cannot be ${status}`);
}

function symbolAfter({ job, decision }: JobDecision): number {
  if (decision === 'skip') return StateBit.skipped;
  if (decision === 'manual') return job.allowFailure === true ? StateBit.ignored : StateBit.manual;
  return StateBit.pending;
}
