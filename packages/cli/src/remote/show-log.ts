import { followLog } from '@xx-pipeline/client';
import type { JobAttempt, JobExecution, LogChunk, PipelineExecution } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { refuseOptions, textOption } from '../io/options.ts';
import { visible } from '../render/ansi.ts';
import { findJob, findRun, namesRun } from './find-run.ts';
import {
  chooseAttempt,
  followJob,
  type LogForm,
  printChunks,
  readingConnection,
  readLogDocument,
  readLogNow,
} from './job-log.ts';
import { watchRun } from './watch-run.ts';
import { printData, withServer } from './with-server.ts';

/** `xx logs`. */
export async function showLog(input: CommandInput, io: CommandIo): Promise<void> {
  const { output, follow, run, job: jobName } = readInput(input);
  await withServer(input, io, async (client) => {
    const execution = await findRun(run, client, io);
    if (jobName === undefined && follow) {
      refuseOptions(input, ['attempt', 'raw', 'timestamps'], 'needs the name of a job');
      return await watchRun(execution, output === 'ndjson' ? 'ndjson' : 'text', client, io);
    }
    const job = jobName === undefined ? onlyJob(execution) : findJob(execution, jobName);
    const number = textOption(input, 'attempt');
    const attempt = chooseAttempt(job, number);
    const connection = readingConnection(io);
    if (output === 'json' || output === 'yaml') {
      const log = attempt === null ? noLog : readLogNow(job.id, attempt, client, connection);
      const document = { run: execution.id, jobId: job.id, job: job.name, attempt: attempt?.number ?? null };
      await printData({ ...document, status: job.status, ...(await readLogDocument(log)) }, () => '', input, io);
      return;
    }
    if (attempt === null && !follow) {
      io.stderr.write(`${visible(job.name)} has not started: ${job.status}\n`);
      return;
    }
    const form = output === 'ndjson' ? 'ndjson' : formOf(input);
    const chunks = !follow
      ? withAttempt(attempt, readLogNow(job.id, attempt as JobAttempt, client, connection))
      : number === undefined
        ? followJob(execution.id, job, attempt?.number ?? 1, client, connection)
        : withAttempt(attempt, followLog({ jobId: job.id, attempt: Number(number) }, client, connection));
    await printChunks(chunks, job, form, io.stdout);
  });
}

const noLog: AsyncIterable<LogChunk> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

function readInput(input: CommandInput) {
  const output = textOption(input, 'output') ?? 'text';
  const follow = input.options['follow'] === true;
  if (output !== 'text') refuseOptions(input, ['raw', 'timestamps'], 'cannot be combined with -o');
  if (output === 'json' || output === 'yaml') {
    refuseOptions(input, ['follow'], `cannot be combined with -o ${output}: use -o ndjson`);
  }
  const [first, second] = input.arguments;
  return second === undefined && first !== undefined && !namesRun(first)
    ? { output, follow, run: undefined, job: first }
    : { output, follow, run: first, job: second };
}

/** The job of a run that has just one. */
function onlyJob({ id, jobs, pipeline, runNumber }: PipelineExecution): JobExecution {
  const [only, ...others] = jobs;
  if (only !== undefined && others.length === 0) return only;
  const names = jobs.slice(0, 20).map(({ name }) => visible(name));
  throw new CommandError(
    `${visible(pipeline)} #${runNumber} has several jobs: name one`,
    ExitCode.usage,
    `its jobs: ${names.join(', ')}${jobs.length > 20 ? ` and ${jobs.length - 20} more` : ''}; for all of them: xx logs ${id} -f`,
  );
}

function formOf(input: CommandInput): LogForm {
  if (input.options['raw'] === true) return 'raw';
  return input.options['timestamps'] === true ? 'timestamps' : 'text';
}

async function* withAttempt(attempt: JobAttempt | null, chunks: AsyncIterable<LogChunk>) {
  for await (const chunk of chunks) yield { attempt: attempt?.number ?? 1, chunk };
}
