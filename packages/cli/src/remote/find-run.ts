import type { JobExecution, PipelineExecution } from '@xx-pipeline/common';
import { ApiProblem } from '@xx-pipeline/common/api';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { didYouMean } from '../io/did-you-mean.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { repositoryNames } from '../reports/select-reports.ts';
import type { BackendApiClient } from './BackendApiClient.ts';

/** The forms in which the command line takes a run. */
export const runArgument = 'number, id or PIPELINE#NUMBER of a run';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const numbered = /^(?:(.+)#)?(\d{1,15})$/;

/** Whether a word has one of these forms. */
export const namesRun = (word: string): boolean => uuid.test(word) || numbered.test(word);

type Summary = Pick<PipelineExecution, 'id' | 'pipeline' | 'runNumber' | 'source' | 'createdAt'>;

/** The run with this reference; without one, the newest run of this repository. */
export async function findRun(
  reference: string | undefined,
  client: Pick<BackendApiClient, 'api'>,
  io: CommandIo,
): Promise<PipelineExecution> {
  const id = reference !== undefined && uuid.test(reference) ? reference : await findId(reference, client, io);
  try {
    return (await client.api.getExecution({ params: { id } })).body;
  } catch (error) {
    const isUnknown = error instanceof ApiProblem && error.problem.code === 'not_found';
    throw isUnknown ? usage(`the server has no run ${id}`, 'xx status --list shows all runs') : error;
  }
}

async function findId(
  reference: string | undefined,
  client: Pick<BackendApiClient, 'api'>,
  io: CommandIo,
): Promise<string> {
  const names = await repositoryNames('.', io);
  if (reference === undefined) {
    const [newest] = await list(names, { limit: 1 }, client);
    if (newest !== undefined) return newest.id;
    throw usage('the server has no run of this repository', 'xx status --list shows all runs');
  }
  const [, pipeline, number = ''] = numbered.exec(reference) ?? [];
  if (number === '')
    throw usage(`'${reference}' is not a run`, `give the ${runArgument}; xx status --list shows all runs`);
  const query = { run: Number(number), ...(pipeline === undefined ? {} : { pipeline }), limit: 500 };
  const here = await list(names, query, client);
  const found = here.length > 0 ? here : (await client.api.listExecutions({ query })).body.executions;
  return chooseOne(found, reference).id;
}

/** Runs of a repository by any of its names, newest first. */
async function list(
  names: readonly string[],
  query: { readonly run?: number; readonly pipeline?: string; readonly limit: number },
  client: Pick<BackendApiClient, 'api'>,
): Promise<Summary[]> {
  const lists = await Promise.all(
    [...new Set(names)].map((repository) => client.api.listExecutions({ query: { ...query, repository } })),
  );
  return lists
    .flatMap(({ body }) => body.executions)
    .sort((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
}

function chooseOne(found: readonly Summary[], reference: string): Summary {
  const [first, ...others] = found;
  if (first === undefined) throw usage(`the server has no run ${reference}`, 'xx status --list shows all runs');
  if (others.length === 0) return first;
  const names = found.slice(0, 5).map((each) => `${each.pipeline}#${each.runNumber} of ${each.source.repository}`);
  throw usage(`'${reference}' is ambiguous: ${names.join(', ')}`, 'give PIPELINE#NUMBER or the id');
}

/** The job of a run with this name or id. */
export function findJob(execution: PipelineExecution, name: string): JobExecution {
  const found = execution.jobs.find((job) => job.name === name) ?? execution.jobs.find((job) => job.id === name);
  if (found !== undefined) return found;
  const names = execution.jobs.map((job) => job.name);
  const near = didYouMean(name, names);
  const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ` and ${names.length - 20} more` : '');
  throw usage(
    `run ${execution.runNumber} of ${execution.pipeline} has no job ${name}`,
    near === null ? `its jobs: ${shown}` : `did you mean ${near}?`,
  );
}

const usage = (message: string, help: string): CommandError => new CommandError(message, ExitCode.usage, help);
