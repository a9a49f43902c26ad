import { runUrl } from '@xx-pipeline/client';
import type { JobReport, Report } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';
import { renderJob, renderReport, renderRunList } from '../render/report-text.ts';
import { chooseJob, chooseRun, chooseStage, repositoryNames } from '../reports/select-reports.ts';
import type { BackendApiClient } from './BackendApiClient.ts';
import { printChunks, readingConnection, readLogDocument, readLogNow } from './job-log.ts';
import { listReports, readLimit } from './show-status.ts';
import { printData, withServer } from './with-server.ts';

/** The most runs that a run is chosen from. */
const candidates = 500;

/** `xx report` without `--local`: the same filters and renderers for the reports of the server. */
export async function showRemoteReports(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const [run, stage, job] = ['run', 'stage', 'job'].map((name) => textOption(input, name));
  const limit = readLimit(textOption(input, 'limit'));
  await withServer(input, io, async (client) => {
    if (run === undefined && stage === undefined && job === undefined) {
      const { items, more } = await findReports(input, io, limit, client);
      await printData(items, () => renderRunList(items, io.stdout), input, io);
      if (more) io.stderr.write(`only the newest ${limit} are shown; --limit shows more\n`);
      return;
    }
    const report = await findReport(input, io, client);
    const stages = stage === undefined ? report.stages : [chooseStage(report, stage)];
    if (job !== undefined) {
      const found = chooseJob(report, stages, job);
      await showJob({ report, job: found.job, stage: found.stage.name }, input, io, client);
      return;
    }
    const url = runUrl(client, report.id);
    const data = stage === undefined ? report : stages[0];
    await printData(data, () => renderReport({ ...report, stages }, url, io.stdout), input, io);
  });
  return ExitCode.success;
}

async function findReports(input: CommandInput, io: CommandIo, limit: number, client: BackendApiClient) {
  const repository = textOption(input, 'repo');
  const pipeline = textOption(input, 'pipeline');
  const run = textOption(input, 'run');
  const names = repository === undefined ? [] : await repositoryNames(repository, io);
  const filter = {
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(run === undefined ? {} : { run: readRun(run) }),
  };
  return await listReports(names, filter, limit, client);
}

function readRun(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandError(`--run ${text} is not a number`, ExitCode.usage, 'xx report lists the runs');
}

/** The run that the options choose, by the rules of `xx report --local`. */
async function findReport(input: CommandInput, io: CommandIo, client: BackendApiClient): Promise<Report> {
  const isHere = textOption(input, 'repo') === undefined;
  const here = isHere ? await repositoryNames('.', io) : [];
  const run = textOption(input, 'run');
  // The newest of this repository may be older than any number of others'.
  const own = isHere && run === undefined ? await newestOf(here, input, client) : [];
  const reports =
    own.length > 0 ? own : (await findReports(input, io, run === undefined ? 1 : candidates, client)).items;
  const stored = reports.map((report) => ({ report, directory: runUrl(client, report.id) }));
  return chooseRun(stored, run, new Set(here), 'xx report lists the runs').report;
}

async function newestOf(
  repositories: readonly string[],
  input: CommandInput,
  client: BackendApiClient,
): Promise<readonly Report[]> {
  const pipeline = textOption(input, 'pipeline');
  return (await listReports(repositories, pipeline === undefined ? {} : { pipeline }, 1, client)).items;
}

async function showJob(
  { report, job, stage }: { readonly report: Report; readonly job: JobReport; readonly stage: string },
  input: CommandInput,
  io: CommandIo,
  client: BackendApiClient,
): Promise<void> {
  const number = textOption(input, 'attempt');
  const attempt =
    number === undefined ? job.attempts.at(-1) : job.attempts.find((each) => String(each.number) === number);
  if (attempt === undefined && number !== undefined) {
    throw new CommandError(`${job.name} has no attempt ${number}`, ExitCode.usage, `it has ${job.attempts.length}`);
  }
  const log = attempt === undefined ? null : () => readLogNow(job.id, attempt, client, readingConnection(io));
  if ((textOption(input, 'output') ?? 'text') !== 'text') {
    const text = log === null ? {} : await readLogDocument(log());
    await printData({ ...job, stage, ...text }, () => '', input, io);
    return;
  }
  const isRaw = input.options['raw'] === true;
  if (!isRaw) io.stdout.write(`${renderJob(job, stage, report, io.stdout)}\n`);
  if (log === null || attempt === undefined) {
    if (!isRaw) io.stdout.write('no log: the job did not start\n');
    return;
  }
  const form = isRaw ? 'raw' : input.options['timestamps'] === true ? 'timestamps' : 'text';
  const pieces = async function* () {
    for await (const chunk of log()) yield { attempt: attempt.number, chunk };
  };
  await printChunks(pieces(), job, form, io.stdout);
}
