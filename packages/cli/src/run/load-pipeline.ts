import { readFileSync } from 'node:fs';
import {
  type CheckResult,
  checkPipeline,
  type PipelineContext,
  pipelineVariables,
} from '@xx-pipeline/pipeline-language';
import {
  findPipelineFile,
  noFacts,
  type PipelineLocation,
  type RepositoryFacts,
  readChangedFiles,
  readRepositoryFacts,
  workingTreeFiles,
} from '@xx-pipeline/source';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { listOption, textOption } from '../io/options.ts';
import { orExplain } from './explain-source-problem.ts';
import { pipelineFacts } from './pipeline-facts.ts';

/** A pipeline file, checked in its surroundings. */
export interface LoadedPipeline {
  /** As messages show it. */
  readonly file: string;
  readonly result: CheckResult;
}

/** Reads and checks the pipeline file that the options name, `-` being standard input. */
export async function loadPipeline(input: CommandInput, io: CommandIo): Promise<LoadedPipeline> {
  const named = textOption(input, 'file');
  const location = named === '-' ? surroundings(io.cwd) : orExplain(findPipelineFile(io.cwd, named));
  const text = named === '-' ? await readStandardInput(io) : readPipelineFile(location);
  const call = { cwd: location.root, env: io.env };
  const facts = location.isRepository && maybeAsksForContext(text) ? await askGit(call, io) : noFacts;
  const seen = asIf(facts, textOption(input, 'branch') ?? null, textOption(input, 'tag') ?? null);
  const context: PipelineContext = {
    // Nothing is created, so there is no run to have a number or a time.
    predefined: pipelineVariables(pipelineFacts(location, seen, { createdAt: 0, runNumber: 0, name: null })),
    pipelineVariables: parseVariables(listOption(input, 'var')),
    // Two calls of git that most pipelines can do without.
    get changedFiles() {
      return location.isRepository ? readChangedFiles(facts, call) : null;
    },
  };
  const files = workingTreeFiles(location.root, { isRepository: location.isRepository, env: io.env });
  return { file: location.file, result: checkPipeline({ file: location.file, text, files, context }) };
}

/** Checks without asking git anything: quick, and enough to know the names of the jobs. */
export function checkWithoutContext(file: string | undefined, cwd: string, io: CommandIo): CheckResult {
  const location = orExplain(findPipelineFile(cwd, file));
  const files = workingTreeFiles(location.root, { isRepository: location.isRepository, env: io.env });
  const context = { predefined: {}, pipelineVariables: {}, changedFiles: null };
  return checkPipeline({ file: location.file, text: readPipelineFile(location), files, context });
}

/** `KEY=VALUE` as given with `--var`; the last of a name counts. */
function parseVariables(assignments: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(assignment.slice(0, at))) {
      throw new CommandError(`--var ${assignment} is no variable`, ExitCode.usage, 'write it as --var KEY=VALUE');
    }
    variables[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return variables;
}

/** Whether anything in the text may look at branch, commit or files; git costs as much time as checking a large file. */
const maybeAsksForContext = (text: string): boolean => /rules|workflow|include|only|except|CI_/.test(text);

async function askGit(call: { cwd: string; env: CommandIo['env'] }, io: CommandIo): Promise<RepositoryFacts> {
  const { facts, problem } = await readRepositoryFacts(call);
  if (problem !== null) {
    io.stderr.write(`note: ${problem}\n`);
  }
  return facts;
}

function asIf(facts: RepositoryFacts, branch: string | null, tag: string | null): RepositoryFacts {
  if (tag !== null) {
    return { ...facts, branch: null, tag };
  }
  return branch === null ? facts : { ...facts, branch, tag: null };
}

/** Where includes of a text from standard input are looked up. */
function surroundings(cwd: string): PipelineLocation {
  const anyFile = orExplain(findPipelineFile(cwd, 'standard-input.yml'));
  return { ...anyFile, file: 'standard input' };
}

function readPipelineFile(location: PipelineLocation): string {
  try {
    return readFileSync(location.path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const known: Record<string, string> = {
      ENOENT: `there is no file ${location.file}`,
      EACCES: `no permission to read ${location.file}`,
      EISDIR: `${location.file} is a directory, not a pipeline file`,
      ENOTDIR: `there is no file ${location.file}`,
    };
    const message = known[code ?? ''];
    throw message === undefined
      ? error
      : new CommandError(message, ExitCode.usage, 'name the pipeline file with --file');
  }
}

async function readStandardInput(io: CommandIo): Promise<string> {
  const { stdin } = process;
  if (stdin.isTTY) {
    io.stderr.write('reading the pipeline file from standard input; end it with Ctrl-D\n');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
