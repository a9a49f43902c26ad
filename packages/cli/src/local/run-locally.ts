import { type PipelinePlan, systemClock, systemIds } from '@xx-pipeline/common';
import type { RepositoryFacts } from '@xx-pipeline/pipeline-language';
import type { OpenSource, PipelineLocation } from '@xx-pipeline/source';
import { type JobExecutor, JobRunner, openExecutor } from '@xx-pipeline/worker/execution';
import { makeOwnerId } from '@xx-pipeline/worker/process';
import type { CommandIo } from '../io/CommandIo.ts';
import type { ExitCode } from '../io/exit-codes.ts';
import { createRunRenderer } from '../render/create-run-renderer.ts';
import { printNote } from '../render/print-note.ts';
import { LocalReportStore } from '../reports/LocalReportStore.ts';
import { checkForRun } from '../run/check-for-run.ts';
import { exitCodeOfRun } from '../run/exit-code-of-run.ts';
import { makeRunOf } from '../run/make-run.ts';
import type { RunOptions } from '../run/run-options.ts';
import { sweepState } from '../run/sweep-state.ts';
import { version } from '../version.ts';
import { LocalPipelineRunner } from './LocalPipelineRunner.ts';

/**
 * The composition root of `xx run --local`: from the opened tree to the exit code.
 *
 * The work before the first container is done side by side: git runs while modules load, the connection to the engine is
 * made while the file is checked, directories are made while the engine creates the container.
 */
export async function runLocally(
  options: RunOptions,
  source: OpenSource,
  home: string,
  io: CommandIo,
): Promise<ExitCode> {
  const { location } = source;
  const executor = connect(options, location, home);
  try {
    const { facts, problem } = await source.facts;
    if (problem !== null) printNote(io.stderr, problem);
    const checked = await checkForRun(options, source, facts, io);
    if (checked.plan === null) {
      const { printNotCreated } = await import('../run/load-plan.ts');
      return await printNotCreated(checked.notCreated ?? 'it has no jobs', options.format, io);
    }
    return await runPlan(checked.plan, { options, source, facts, home, io, executor: await executor });
  } finally {
    await executor.then(
      (made) => made.close(),
      () => {},
    );
  }
}

/** Connects to the engine at once; a failure matters only when there is something to run. */
function connect(options: RunOptions, location: PipelineLocation, home: string): Promise<JobExecutor> {
  const opened = openExecutor({
    kind: 'docker',
    ownerId: makeOwnerId(),
    files: { trees: () => location.root, stateDirectory: home, workspaceMode: options.workspace },
    outlive: null,
    clock: systemClock,
  });
  const executor = opened.then((each) => each.executor);
  executor.catch(() => {});
  return executor;
}

interface RunSurroundings {
  readonly options: RunOptions;
  readonly source: OpenSource;
  readonly facts: RepositoryFacts;
  readonly home: string;
  readonly io: CommandIo;
  readonly executor: JobExecutor;
}

async function runPlan(checked: PipelinePlan, around: RunSurroundings): Promise<ExitCode> {
  const { options, source, facts, home, io, executor } = around;
  const run = makeRunOf(checked, source.location, facts, options);
  noteTags(run.plan, io);
  const store = new LocalReportStore(home);
  const renderer = createRunRenderer({ format: options.format, io });
  const sweep = once(() => sweepState(store, executor, home, systemClock));
  const runner = new LocalPipelineRunner({
    run,
    machine: {
      runner: { id: '1', description: 'xx run --local', version, architecture: `${process.platform}/${process.arch}` },
      source: { kind: 'tree', key: 'tree' },
      slots: options.slots,
      createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
    },
    openRun: (id, jobs) => {
      const createdAt = new Date(run.createdAt).toISOString();
      return store.createRun({ id, pipeline: run.name, repository: run.sourceInfo.repository, createdAt, jobs });
    },
    dirty: source.dirty,
    emit: (event) => {
      // Cleaning up after other processes waits until the first script of this run has begun.
      if (event.type === 'job-event' && event.event.type === 'phase' && event.event.phase === 'script') void sweep();
      return renderer.event(event);
    },
    world: { clock: systemClock, ids: systemIds },
    stops: { interrupted: io.interrupted, killed: io.killed },
  });
  try {
    const result = await runner.run();
    await sweep();
    return exitCodeOfRun(result.execution, io, '--play');
  } finally {
    renderer.close();
  }
}

/** `tags` choose among workers; this machine is the only one here. */
function noteTags(plan: PipelinePlan, io: CommandIo): void {
  const tagged = plan.stages.flatMap((stage) => stage.jobs).filter((job) => job.tags.length > 0);
  const [first] = tagged;
  if (first === undefined) return;
  const who = tagged.length === 1 ? `job "${first.name}"` : `${tagged.length} jobs`;
  printNote(io.stderr, `${who} requested a worker by tags; local runs ignore tags`);
}

/** The same promise for every call, made at the first. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work();
    return running;
  };
}
