import { type CheckResult, checkPipeline, type RepositoryFacts } from '@xx-pipeline/pipeline-language';
import {
  findPipelineFile,
  noFacts,
  type PipelineLocation,
  RepositoryReader,
  readPipelineFile,
  readRepositoryFacts,
  workingTreeFiles,
} from '@xx-pipeline/source';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { listOption, textOption } from '../io/options.ts';
import { printNote } from '../render/print-note.ts';
import { checkInTree } from './check-in-tree.ts';
import { orExplain } from './explain-source-problem.ts';

/** A pipeline file, checked in its tree. */
export interface LoadedPipeline {
  /** As messages show it. */
  readonly file: string;
  readonly result: CheckResult;
}

/** Reads and checks the pipeline file that the options name; `-` is standard input. */
export async function loadPipeline(input: CommandInput, io: CommandIo): Promise<LoadedPipeline> {
  const named = textOption(input, 'file');
  const location = named === '-' ? surroundings(io.cwd) : orExplain(findPipelineFile(io.cwd, named));
  const text = named === '-' ? await readStandardInput(io) : orExplain(readPipelineFile(location));
  const reader = readerOf(location, io);
  const facts = reader !== null && maybeAsksForContext(text) ? await askGit(reader, io) : noFacts;
  const seen = asIf(facts, textOption(input, 'branch') ?? null, textOption(input, 'tag') ?? null);
  const variables = parseVariables(listOption(input, 'var'));
  return {
    file: location.file,
    result: await checkInTree(text, { location, reader, facts: seen, variables, createdAt: 0 }),
  };
}

/** Checks without calling git for facts: quick, and enough to know the names of the jobs. */
export function checkWithoutContext(file: string | undefined, cwd: string, io: CommandIo): CheckResult {
  const location = orExplain(findPipelineFile(cwd, file));
  const files = workingTreeFiles(location.root, readerOf(location, io));
  const context = { predefined: {}, pipelineVariables: {}, changedFiles: null };
  return checkPipeline({ file: location.file, text: orExplain(readPipelineFile(location)), files, context });
}

function readerOf({ root, isRepository }: PipelineLocation, { env }: CommandIo): RepositoryReader | null {
  return isRepository ? new RepositoryReader({ cwd: root, env }) : null;
}

/** `KEY=VALUE` as given with `--var`; the last of a name counts. */
function parseVariables(assignments: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(assignment.slice(0, at))) {
      throw new CommandError(`--var ${assignment} is not a variable`, ExitCode.usage, 'write it as --var KEY=VALUE');
    }
    variables[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return variables;
}

/** Whether the text may refer to branch, commit or files; git takes as long as checking a large file. */
const maybeAsksForContext = (text: string): boolean => /rules|workflow|include|only|except|CI_/.test(text);

async function askGit(reader: RepositoryReader, io: CommandIo): Promise<RepositoryFacts> {
  const { facts, problem } = await readRepositoryFacts(reader);
  if (problem !== null) {
    printNote(io.stderr, problem);
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
