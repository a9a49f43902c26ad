import { readFileSync } from 'node:fs';
import {
  type CheckResult,
  checkPipeline,
  type PipelineContext,
  pipelineVariables,
  renderDiagnostics,
} from '@xx-pipeline/pipeline-language';
import { type PipelineLocation, type RepositoryFacts, readChangedFiles, workingTreeFiles } from '@xx-pipeline/source';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { pipelineFacts } from './pipeline-facts.ts';
import type { RunOptions } from './run-options.ts';

/** Checks the pipeline file of a run in the surroundings of its tree; problems are printed, errors end the command. */
export function checkForRun(
  options: Pick<RunOptions, 'variables'>,
  location: PipelineLocation,
  facts: RepositoryFacts,
  io: CommandIo,
): CheckResult {
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
