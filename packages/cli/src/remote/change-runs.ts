import { type ExecutionStatus, isTerminal, type JobExecution, type PipelineExecution } from '@xx-pipeline/common';
import type { CommandInput, CommandIo } from '../io/CommandIo.ts';
import { visible } from '../render/ansi.ts';
import { shellQuote } from '../render/shell-quote.ts';
import { parseRunOptions } from '../run/run-options.ts';
import { findJob, findRun } from './find-run.ts';
import { printData, withServer } from './with-server.ts';

/** `xx cancel`. */
export async function cancel(input: CommandInput, io: CommandIo): Promise<void> {
  const [run, name] = input.arguments;
  await withServer(input, io, async ({ api }) => {
    const execution = await findRun(run, { api }, io);
    if (name === undefined) {
      const body = { reason: 'canceled with xx cancel' };
      const { body: canceled } = await api.cancelExecution({ params: { id: execution.id }, body });
      await printData(canceled, () => `${title(canceled)}: ${cancelNews(execution, canceled)}\n`, input, io);
      return;
    }
    const before = findJob(execution, name);
    const { body: job } = await api.cancelJob({ params: { jobId: before.id } });
    await printData(job, () => `${title(execution, job)}: ${cancelNews(before, job)}\n`, input, io);
  });
}

/** `xx retry`. */
export async function retry(input: CommandInput, io: CommandIo): Promise<void> {
  const [run, name] = input.arguments;
  await withServer(input, io, async ({ api }) => {
    const execution = await findRun(run, { api }, io);
    if (name === undefined) {
      const { body: retried } = await api.retryExecution({ params: { id: execution.id } });
      await printData(retried, () => `${title(retried)}: runs again, now ${retried.status}\n`, input, io);
    } else {
      const { id } = findJob(execution, name);
      const { body: job } = await api.retryJob({ params: { jobId: id } });
      await printData(job, () => `${title(execution, job)}: runs again, now ${job.status}\n`, input, io);
    }
    io.stderr.write(`show it with: xx status ${execution.id}\n`);
  });
}

/** `xx play`. */
export async function play(input: CommandInput, io: CommandIo): Promise<void> {
  const [run, name = ''] = input.arguments;
  const { variables } = parseRunOptions({ arguments: [], options: onlyVariables(input) }, io.env);
  await withServer(input, io, async ({ api }) => {
    const execution = await findRun(run, { api }, io);
    const { id } = findJob(execution, name);
    const { body: job } = await api.playJob({ params: { jobId: id }, body: { variables: [...variables] } });
    await printData(job, () => `${title(execution, job)}: started, now ${job.status}\n`, input, io);
    io.stderr.write(`follow it with: xx logs ${execution.id} ${shellQuote(visible(job.name))} -f\n`);
  });
}

/** The result of a cancel. */
function cancelNews(before: { readonly status: ExecutionStatus }, after: { readonly status: ExecutionStatus }): string {
  if (isTerminal(before.status)) return `already ended with ${before.status}: nothing to cancel`;
  return after.status === 'CANCELED' ? 'canceled' : `is being canceled, still ${after.status}`;
}

function onlyVariables({ options }: CommandInput): CommandInput['options'] {
  return { var: options['var'], secret: options['secret'] };
}

function title(execution: PipelineExecution, job?: JobExecution): string {
  const run = `${visible(execution.pipeline)} #${execution.runNumber}`;
  return job === undefined ? run : `${visible(job.name)} of ${run}`;
}
