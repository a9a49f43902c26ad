import { runUrl } from '@xx-pipeline/client';
import { buildReport, type ExecutionStatus, type Report } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { refuseOptions, textOption } from '../io/options.ts';
import { renderReport, renderRunList } from '../render/report-text.ts';
import { repositoryNames } from '../reports/select-reports.ts';
import type { BackendApiClient } from './BackendApiClient.ts';
import { findRun } from './find-run.ts';
import { listAll } from './list-runs.ts';
import { printData, withServer } from './with-server.ts';

/** `xx status`. */
export async function showStatus(input: CommandInput, io: CommandIo): Promise<void> {
  await withServer(input, io, async (client) => {
    if (input.options['list'] === true) return await showList(input, io, client);
    refuseOptions(input, ['repo', 'pipeline', 'status', 'limit'], 'applies to the list only: add --list');
    const execution = await findRun(input.arguments[0], client, io);
    const report = buildReport(execution);
    await printData(execution, () => renderReport(report, runUrl(client, execution.id), io.stdout), input, io);
  });
}

async function showList(input: CommandInput, io: CommandIo, client: BackendApiClient): Promise<void> {
  if (input.arguments.length > 0)
    throw new CommandError('--list takes no run', ExitCode.usage, 'leave out the run, or --list');
  const repository = textOption(input, 'repo');
  const pipeline = textOption(input, 'pipeline');
  const status = textOption(input, 'status')?.toUpperCase() as ExecutionStatus | undefined;
  const filter = {
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(status === undefined ? {} : { status }),
  };
  const names = repository === undefined ? [] : await repositoryNames(repository, io);
  const limit = readLimit(textOption(input, 'limit'));
  if ((textOption(input, 'output') ?? 'text') !== 'text') {
    const fetch = async (query: object) => {
      const { body } = await client.api.listExecutions({ query });
      return { items: body.executions, nextCursor: body.nextCursor };
    };
    await printData((await listAll(names, filter, limit, fetch)).items, () => '', input, io);
    return;
  }
  const reports = await listReports(names, filter, limit, client);
  io.stdout.write(renderRunList(reports.items, io.stdout));
  if (reports.more) io.stderr.write(`only the newest ${limit} are shown; --limit shows more\n`);
}

/** The newest reports that fit. */
export async function listReports(
  repositories: readonly string[],
  filter: { readonly pipeline?: string; readonly run?: number; readonly status?: ExecutionStatus },
  limit: number,
  client: BackendApiClient,
): Promise<{ readonly items: readonly Report[]; readonly more: boolean }> {
  return await listAll(repositories, filter, limit, async (query) => {
    const { body } = await client.api.listReports({ query });
    return { items: body.reports, nextCursor: body.nextCursor };
  });
}

/** `--limit`, 50 if it is not given. */
export function readLimit(text: string | undefined): number {
  if (text === undefined) return 50;
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new CommandError(`--limit ${text} is not a number of runs`, ExitCode.usage, 'give a whole number of 1 or more');
}
