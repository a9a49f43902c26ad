import { type PipelinePlan, systemClock } from '@xx-pipeline/common';
import { makeRun, type RepositoryFacts, type Run } from '@xx-pipeline/pipeline-language';
import type { PipelineLocation } from '@xx-pipeline/source';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import type { RunOptions } from './run-options.ts';

/** The run that the command line describes, of a checked file. Throws CommandError if it names jobs that do not exist. */
export function makeRunOf(
  checked: PipelinePlan,
  location: PipelineLocation,
  facts: RepositoryFacts,
  options: RunOptions,
): Run {
  const tree = { root: location.root, file: location.file, repository: facts };
  const run = makeRun(checked, tree, { ...options, createdAt: systemClock.now() });
  if (run.ok) return run.value;
  const help = 'xx dry-run lists the jobs, xx explain JOB says why a job is not in a run';
  throw new CommandError(run.error.message, ExitCode.usage, help);
}
