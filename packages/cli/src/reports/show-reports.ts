import { join } from 'node:path';
import { type JobAttempt, type JobReport, systemClock } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { listOption, textOption } from '../io/options.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { type DataFormat, formatData } from '../render/data-text.ts';
import { renderJob, renderReport, renderRunList } from '../render/report-text.ts';
import { LocalReportStore, type StoredReport } from './LocalReportStore.ts';
import { printLog, printRawLog, readLogText } from './print-log.ts';
import { chooseJob, chooseRun, chooseStage, repositoryNames } from './select-reports.ts';

/** `xx report --local`, once its options are known to be given. */
export async function showReports(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const store = new LocalReportStore(stateDirectory(io.env, io.cwd));
  await store.repairAbandoned(systemClock);
  const reports = await findReports(store, input, io);
  const [run, stage, job] = ['run', 'stage', 'job'].map((name) => textOption(input, name));
  if (run === undefined && stage === undefined && job === undefined) {
    const found = reports.map(({ report }) => report);
    await print(io, formatOf(input), found, () => renderRunList(found, io.stdout));
    return ExitCode.success;
  }
  const here = new Set(listOption(input, 'repo').length > 0 ? [] : await repositoryNames('.', io));
  const chosen = chooseRun(reports, run, here);
  const { report } = chosen;
  const stages = stage === undefined ? report.stages : [chooseStage(report, stage)];
  if (job !== undefined) {
    const found = chooseJob(report, stages, job);
    await showJob(chosen, found.job, found.stage.name, input, io);
    return ExitCode.success;
  }
  const data = stage === undefined ? report : stages[0];
  await print(io, formatOf(input), data, () => renderReport({ ...report, stages }, chosen.directory, io.stdout));
  return ExitCode.success;
}

async function findReports(store: LocalReportStore, input: CommandInput, io: CommandIo): Promise<StoredReport[]> {
  const repository = textOption(input, 'repo');
  const pipeline = textOption(input, 'pipeline');
  const names = repository === undefined ? null : new Set(await repositoryNames(repository, io));
  const found: StoredReport[] = [];
  for await (const stored of store.reports()) {
    if (pipeline !== undefined && stored.report.pipeline !== pipeline) continue;
    if (names === null || names.has(stored.report.repository)) found.push(stored);
  }
  return found;
}

async function showJob(
  { report, directory }: StoredReport,
  job: JobReport,
  stage: string,
  input: CommandInput,
  io: CommandIo,
): Promise<void> {
  const log = logOf(job, textOption(input, 'attempt'));
  // A report is a file anyone may have written: only logs of its own directory are shown.
  const path = log !== null && /^logs\/[^/\\]+$/.test(log) ? join(directory, log) : null;
  const format = formatOf(input);
  if (format !== 'text') {
    const data = { ...job, stage, logFile: path, ...(path === null ? {} : await readLogText(path)) };
    io.stdout.write(await formatData(data, format));
    return;
  }
  if (input.options['raw'] === true) {
    if (path !== null) await printRawLog(path, io.stdout);
    return;
  }
  io.stdout.write(`${renderJob(job, stage, report, io.stdout)}\n`);
  if (path === null) io.stdout.write('no log: the job did not start\n');
  else await printLog(path, io.stdout, { timestamps: input.options['timestamps'] === true });
}

function logOf(job: JobReport, attempt: string | undefined): string | null {
  if (attempt === undefined) return job.log;
  const found: JobAttempt | undefined = job.attempts.find(({ number }) => String(number) === attempt);
  if (found !== undefined) return found.log;
  throw new CommandError(`${job.name} has no attempt ${attempt}`, ExitCode.usage, `it has ${job.attempts.length}`);
}

async function print(io: CommandIo, format: DataFormat | 'text', data: unknown, text: () => string): Promise<void> {
  io.stdout.write(format === 'text' ? text() : await formatData(data, format));
  await io.stdout.drained();
}

function formatOf(input: CommandInput): DataFormat | 'text' {
  const format = textOption(input, 'output');
  return format === 'json' || format === 'yaml' ? format : 'text';
}
