import type { PipelinePlan } from '@xx-pipeline/common';
import { renderDiagnostics, selectJobs } from '@xx-pipeline/pipeline-language';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { visible } from '../render/ansi.ts';
import { plural } from '../render/run-title.ts';
import { type LoadedPipeline, loadPipeline } from './load-pipeline.ts';

/** A checked file that makes a pipeline here, or the reason why it makes none. */
export type PlanOrReason =
  | { readonly created: true; readonly file: string; readonly plan: PipelinePlan; readonly loaded: LoadedPipeline }
  | { readonly created: false; readonly file: string; readonly reason: string; readonly loaded: LoadedPipeline };

/** Loads the pipeline for a command that goes on from its plan; problems of the file are printed on standard error. */
export async function loadPlan(
  input: CommandInput,
  io: CommandIo,
  jobs: readonly string[] = [],
): Promise<PlanOrReason> {
  const loaded = await loadPipeline(input, io);
  const { file, result } = loaded;
  if (result.diagnostics.length > 0) {
    io.stderr.write(`${renderDiagnostics(result.diagnostics, result.sources, { color: io.stderr.color })}\n`);
  }
  const errors = result.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  if (errors > 0) {
    throw new CommandError(`${file} has ${plural(errors, 'error')}`, ExitCode.usage);
  }
  if (result.plan === null) {
    return { created: false, file, reason: result.notCreated ?? 'it has no jobs', loaded };
  }
  if (jobs.length === 0) {
    return { created: true, file, plan: result.plan, loaded };
  }
  const selected = selectJobs(result.plan, jobs);
  if (!selected.ok) {
    throw new CommandError(
      selected.error.message,
      ExitCode.usage,
      'xx dry-run lists the jobs, xx explain JOB says why a job is not in a run',
    );
  }
  // The jobs left out are no news to somebody who asked for certain ones.
  return { created: true, file, plan: { ...selected.value, excluded: [] }, loaded };
}

/** Tells that there is no pipeline to show: data for programs, a note for people. */
export async function printNotCreated(reason: string, format: string | undefined, io: CommandIo): Promise<ExitCode> {
  if (format === 'json' || format === 'yaml') {
    const { formatData } = await import('../render/data-text.ts');
    io.stdout.write(await formatData({ status: 'NOT_CREATED', reason }, format));
  }
  io.stderr.write(`no pipeline here: ${visible(reason)}\n`);
  return ExitCode.success;
}
