import { readFileSync } from 'node:fs';
import { type PipelinePlan, systemClock } from '@xx-pipeline/common';
import {
  checkPipeline,
  type PipelineContext,
  pipelineVariables,
  playJobs,
  projectFacts,
  renderDiagnostics,
  type SelectionProblem,
  selectJobs,
} from '@xx-pipeline/pipeline-language';
import { DockerExecutor, JobRunner, makeOwnerId } from '@xx-pipeline/worker/execution';
import { CommandError, type CommandIo } from '../commands/Command.ts';
import { ExitCode } from '../exit-codes.ts';
import { createRunRenderer } from '../render/create-run-renderer.ts';
import { readChangedFiles } from '../source/changed-files.ts';
import type { PipelineLocation } from '../source/find-pipeline-file.ts';
import { type OpenSource, sourceInfo } from '../source/open-source.ts';
import type { RepositoryFacts } from '../source/repository-facts.ts';
import { workingTreeFiles } from '../source/working-tree-files.ts';
import { version } from '../version.ts';
import { LocalPipelineRunner } from './LocalPipelineRunner.ts';
import { LocalReportStore } from './LocalReportStore.ts';
import type { LocalRunResult } from './local-run-parts.ts';
import { maskPlan } from './mask-plan.ts';
import { pipelineFacts, pipelineName } from './pipeline-facts.ts';
import type { RunOptions } from './run-options.ts';
import { sweepState } from './sweep-state.ts';
import { systemIds } from './system-ids.ts';

/**
 * The composition root of `xx run --local`: from the opened tree to the exit code.
 *
 * What stands between the command and its first container is done side by side: git answers while modules load,
 * the engine is greeted while the file is checked, directories are made while the engine creates the container.
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
    if (problem !== null) io.stderr.write(`note: ${problem}\n`);
    const checked = check(options, location, facts, io);
    if (checked.plan === null) {
      const { printNotCreated } = await import('../commands/load-plan.ts');
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

/** Greets the engine at once; that it does not answer matters only when there is something to run. */
function connect(options: RunOptions, location: PipelineLocation, home: string): Promise<DockerExecutor> {
  const executor = DockerExecutor.connect({
    ownerId: makeOwnerId(),
    trees: () => location.root,
    stateDirectory: home,
    workspaceMode: options.workspace,
    clock: systemClock,
  });
  executor.catch(() => {});
  return executor;
}

function check(options: RunOptions, location: PipelineLocation, facts: RepositoryFacts, io: CommandIo) {
  const call = { cwd: location.root, env: io.env };
  const context: PipelineContext = {
    predefined: pipelineVariables(pipelineFacts(location, facts, { createdAt: Date.now(), runNumber: 0, name: null })),
    pipelineVariables: Object.fromEntries(options.variables.map(({ name, value }) => [name, value])),
    // Two calls of git that most pipelines can do without.
    get changedFiles() {
      return location.isRepository ? readChangedFiles(facts, call) : null;
    },
  };
  const files = workingTreeFiles(location.root, { isRepository: location.isRepository, env: io.env });
  const result = checkPipeline({ file: location.file, text: readPipelineFile(location), files, context });
  if (result.diagnostics.length > 0) {
    io.stderr.write(renderDiagnostics(result.diagnostics, result.sources, { color: io.stderr.color }));
  }
  const errors = result.diagnostics.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) {
    throw new CommandError(`${location.file} has ${errors} ${errors === 1 ? 'error' : 'errors'}`, ExitCode.usage);
  }
  return result;
}

function readPipelineFile(location: PipelineLocation): string {
  try {
    return readFileSync(location.path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const known: Record<string, string> = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a directory',
    };
    throw new CommandError(
      `cannot read ${location.file}: ${known[code ?? ''] ?? message}`,
      ExitCode.usage,
      'name the pipeline file with --file',
    );
  }
}

interface RunSurroundings {
  readonly options: RunOptions;
  readonly source: OpenSource;
  readonly facts: RepositoryFacts;
  readonly home: string;
  readonly io: CommandIo;
  readonly executor: DockerExecutor;
}

async function runPlan(checked: PipelinePlan, around: RunSurroundings): Promise<ExitCode> {
  const { options, source, facts, home, io, executor } = around;
  const { location } = source;
  const plan = choose(checked, options);
  const createdAt = systemClock.now();
  const id = systemIds.next();
  const info = sourceInfo(location, facts);
  const variablesOf = (runNumber: number, name: string | null) =>
    pipelineVariables(pipelineFacts(location, facts, { createdAt, runNumber, name }));
  const given = Object.fromEntries(options.variables.map(({ name, value, secret }) => [name, secret ? '' : value]));
  const name = pipelineName(plan.name, { ...variablesOf(0, null), ...given }, projectFacts(info.repository).name);
  const store = new LocalReportStore(home);
  const renderer = createRunRenderer({ format: options.format, io });
  const sweep = once(() => sweepState(store, executor, home, systemClock));
  let known: { runNumber: number; variables: Record<string, string> } | null = null;
  const runner = new LocalPipelineRunner({
    plan: maskPlan(plan, options.variables),
    id,
    pipelineName: name,
    sourceInfo: info,
    createdAt,
    jobs: {
      predefined: (runNumber) => {
        if (known?.runNumber !== runNumber) known = { runNumber, variables: variablesOf(runNumber, name) };
        return known.variables;
      },
      variables: options.variables,
      runner: { id: '1', description: 'xx run --local', version, architecture: `${process.platform}/${process.arch}` },
      source: { kind: 'tree', key: 'tree' },
      playedJobs: manualJobs(checked, plan),
      ...(options.pullPolicy === null ? {} : { pullPolicy: options.pullPolicy }),
      ...(options.timeout === null ? {} : { defaultTimeout: options.timeout }),
    },
    openRun: (jobs) =>
      store.createRun({
        id,
        pipeline: name,
        repository: info.repository,
        createdAt: new Date(createdAt).toISOString(),
        jobs,
      }),
    createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
    slots: options.slots,
    dirty: source.dirty,
    clock: systemClock,
    ids: systemIds,
    emit: (event) => {
      // Tidying up after others waits until this run's first container works.
      if (event.type === 'job-event' && event.event.type === 'phase' && event.event.phase === 'script') void sweep();
      return renderer.event(event);
    },
    interrupted: io.interrupted,
    killed: io.killed,
  });
  try {
    const result = await runner.run();
    await sweep();
    return exitCodeOf(result, io);
  } finally {
    renderer.close();
  }
}

/** The part of the plan that was asked for. */
function choose(plan: PipelinePlan, options: RunOptions): PipelinePlan {
  const played = options.play.length === 0 ? plan : chosen(playJobs(plan, options.play));
  return options.jobs.length === 0 ? played : chosen(selectJobs(played, options.jobs));
}

function chosen(
  result:
    | { readonly ok: true; readonly value: PipelinePlan }
    | { readonly ok: false; readonly error: SelectionProblem },
): PipelinePlan {
  if (result.ok) return result.value;
  throw new CommandError(
    result.error.message,
    ExitCode.usage,
    'xx dry-run lists the jobs, xx explain JOB says why one is not in',
  );
}

/** Jobs that were manual and now start by themselves. */
function manualJobs(before: PipelinePlan, after: PipelinePlan): ReadonlySet<string> {
  const jobsOf = (plan: PipelinePlan) => plan.stages.flatMap(({ jobs }) => jobs);
  const manual = new Set(jobsOf(before).flatMap((job) => (job.when === 'manual' ? [job.name] : [])));
  return new Set(jobsOf(after).flatMap((job) => (job.when !== 'manual' && manual.has(job.name) ? [job.name] : [])));
}

function exitCodeOf({ execution }: LocalRunResult, io: CommandIo): ExitCode {
  if (io.interrupted.aborted) return ExitCode.interrupted;
  switch (execution.status) {
    case 'FAILED': {
      const failed = execution.jobs.filter((job) => job.status === 'FAILED' && !job.allowFailure);
      const isOurs = failed.every((job) => job.attempts.at(-1)?.failureReason === 'system_failure');
      return failed.length > 0 && isOurs ? ExitCode.machine : ExitCode.pipelineFailed;
    }
    case 'CANCELED':
      return ExitCode.pipelineFailed;
    case 'MANUAL': {
      const waiting = execution.jobs.filter((job) => job.status === 'MANUAL' && !job.allowFailure);
      io.stderr.write(
        `the pipeline waits for a person to play ${waiting.map((job) => job.name).join(', ')} (--play)\n`,
      );
      return ExitCode.success;
    }
    default:
      return ExitCode.success;
  }
}

/** The same promise for every call, made at the first. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work();
    return running;
  };
}
