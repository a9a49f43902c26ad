import type { PipelineExecution } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { visible } from '../render/ansi.ts';

/** The exit code for a run that has ended. `howToPlay`: the command that starts a manual job. */
export function exitCodeOfRun(execution: PipelineExecution, io: CommandIo, howToPlay: string): ExitCode {
  if (io.interrupted.aborted) return ExitCode.interrupted;
  switch (execution.status) {
    case 'FAILED': {
      const failed = execution.jobs.filter((job) => job.status === 'FAILED' && !job.allowFailure);
      const isOurs = failed.every((job) => job.attempts.at(-1)?.failureReason === 'system_failure');
      return failed.length > 0 && isOurs ? ExitCode.machine : ExitCode.pipelineFailed;
    }
    case 'CANCELED':
      return ExitCode.pipelineFailed;
    case 'MANUAL': {
      const waiting = execution.jobs.filter((job) => job.status === 'MANUAL' && !job.allowFailure);
      const names = waiting.map((job) => visible(job.name)).join(', ');
      io.stderr.write(`the pipeline waits for manual jobs: ${names} (${howToPlay})\n`);
      return ExitCode.success;
    }
    default:
      return ExitCode.success;
  }
}
