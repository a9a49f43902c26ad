import { systemClock } from '@xx-pipeline/common';
import { type CheckResult, type RepositoryFacts, renderDiagnostics } from '@xx-pipeline/pipeline-language';
import { type OpenSource, readPipelineFile } from '@xx-pipeline/source';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { checkInTree } from './check-in-tree.ts';
import { orExplain } from './explain-source-problem.ts';
import type { RunOptions } from './run-options.ts';

/** Checks the pipeline file of a run in its tree; problems are printed, errors end the command. */
export async function checkForRun(
  options: Pick<RunOptions, 'variables'>,
  { location, reader }: Pick<OpenSource, 'location' | 'reader'>,
  facts: RepositoryFacts,
  io: CommandIo,
): Promise<CheckResult> {
  const variables = Object.fromEntries(options.variables.map(({ name, value }) => [name, value]));
  const text = orExplain(readPipelineFile(location));
  const result = await checkInTree(text, { location, reader, facts, variables, createdAt: systemClock.now() });
  if (result.diagnostics.length > 0) {
    io.stderr.write(renderDiagnostics(result.diagnostics, result.sources, { color: io.stderr.color }));
  }
  const errors = result.diagnostics.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) {
    throw new CommandError(`${location.file} has ${errors} ${errors === 1 ? 'error' : 'errors'}`, ExitCode.usage);
  }
  return result;
}
