import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@xx-pipeline/client';
import { type JobExecution, type PipelinePlan, systemIds } from '@xx-pipeline/common';
import { checkPipeline, playJobs, type Run, selectJobs } from '@xx-pipeline/pipeline-language';
import { ManualClock } from '@xx-pipeline/testing';
import { JobRunner, type ScriptedBehaviour, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { LocalPipelineRunner } from '../../src/local/LocalPipelineRunner.ts';
import type { LocalMachine, LocalRunParts, LocalRunResult } from '../../src/local/local-run-parts.ts';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import type { JobIdentity, LocalRun } from '../../src/reports/LocalRun.ts';

/** When every run of the rig begins. */
const beginning = Date.UTC(2026, 0, 1);

/** The plan of a pipeline text; the text has to be right. */
export function planOf(text: string): PipelinePlan {
  const { plan, diagnostics, notCreated } = checkPipeline({
    file: 'pipeline.yml',
    text,
    files: { read: () => null, list: () => [] },
    context: { predefined: {}, pipelineVariables: {}, changedFiles: null },
  });
  if (plan === null) throw new Error(notCreated ?? JSON.stringify(diagnostics));
  return plan;
}

/** A run of a plan, in a tree that is nothing special. */
export function runOf(plan: PipelinePlan, createdAt: number): Run {
  return {
    name: 'demo',
    plan,
    playedJobs: new Set(),
    variables: [],
    sourceInfo: { repository: '/demo', branch: 'main', commit: null, dirty: false },
    createdAt,
    predefined: (runNumber) => ({ CI_PIPELINE_IID: String(runNumber) }),
  };
}

/** How a run differs from the plain one. */
export interface RigOptions extends Partial<Pick<LocalRunParts, 'emit'>> {
  readonly slots?: number;
  readonly createJobRunner?: LocalMachine['createJobRunner'];
  readonly openRun?: (jobs: readonly JobIdentity[]) => Promise<LocalRun>;
  readonly behave?: (jobName: string) => ScriptedBehaviour;
  /** Jobs chosen, and manual jobs played. */
  readonly select?: readonly string[];
  readonly play?: readonly string[];
}

/** Runs pipelines without containers, on a clock that jumps; removes what it made. */
export class LocalRunRig implements AsyncDisposable {
  readonly clock = new ManualClock(beginning);
  readonly events: RunEvent[] = [];
  readonly interrupt = new AbortController();
  readonly kill = new AbortController();
  readonly home: string;
  executor = new ScriptedExecutor({ clock: this.clock });
  local: LocalRun | null = null;

  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<LocalRunRig> {
    return new LocalRunRig(await mkdtemp(join(tmpdir(), 'xx-run-')));
  }

  get store(): LocalReportStore {
    return new LocalReportStore(this.home);
  }

  /** Starts a run; it goes on while the clock moves. Disks know no clock: its directory is there when this resolves. */
  async start(text: string, options: RigOptions = {}): Promise<{ result: Promise<LocalRunResult> }> {
    const {
      behave,
      select,
      play,
      openRun,
      createJobRunner,
      slots = 4,
      emit = (event) => void this.events.push(event),
    } = options;
    let plan = planOf(text);
    if (play !== undefined) plan = resultOf(playJobs(plan, play));
    if (select !== undefined) plan = resultOf(selectJobs(plan, select));
    if (behave !== undefined) {
      this.executor = new ScriptedExecutor({ clock: this.clock, behave: (spec) => behave(spec.jobName) });
    }
    const opened = Promise.withResolvers<void>();
    const runner = new LocalPipelineRunner({
      run: runOf(plan, this.clock.now()),
      machine: {
        runner: { id: '1', description: 'rig', version: '0' },
        source: { kind: 'empty' },
        slots,
        createJobRunner:
          createJobRunner ?? ((ports) => new JobRunner({ executor: this.executor, clock: this.clock, ...ports })),
      },
      openRun: (id, jobs) => {
        const opening = openRun === undefined ? this.#createRun(id, jobs) : openRun(jobs);
        const settled = () => opened.resolve();
        opening.then(settled, settled);
        return opening;
      },
      dirty: Promise.resolve(false),
      emit,
      world: { clock: this.clock, ids: systemIds },
      stops: { interrupted: this.interrupt.signal, killed: this.kill.signal },
    });
    const result = runner.run();
    result.catch(() => {});
    await opened.promise;
    return { result };
  }

  /** Runs a pipeline to its end and checks that nothing is left of it. */
  async run(text: string, options: RigOptions = {}): Promise<LocalRunResult> {
    const result = await this.clock.runUntil((await this.start(text, options)).result);
    await this.clock.runUntil(this.executor.close());
    this.executor.assertNothingLeft();
    return result;
  }

  async #createRun(id: string, jobs: readonly JobIdentity[]): Promise<LocalRun> {
    const createdAt = new Date(this.clock.now()).toISOString();
    this.local = await this.store.createRun({ id, pipeline: 'demo', repository: '/demo', createdAt, jobs });
    return this.local;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}

/** A job in one line: status, whether the failure was allowed, seconds from the run's beginning, attempts. */
export function inOneLine(job: JobExecution): string {
  const seconds = (time: string | null) => (time === null ? '' : String((Date.parse(time) - beginning) / 1000));
  const first = job.attempts[0];
  const last = job.attempts.at(-1);
  const parts = [
    job.status,
    job.allowFailure ? 'allowed' : '',
    last === undefined ? '' : `${seconds(first?.startedAt ?? null)}-${seconds(last.completedAt)}`,
    job.attempts.length > 1 ? `${job.attempts.length} attempts` : '',
    last?.failureReason ?? '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function resultOf<T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T {
  if (result.ok) return result.value;
  throw new Error(result.error.message);
}
