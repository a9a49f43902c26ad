import type { PipelineExecution } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';

/** What a run that has ended tells the shell; `howToPlay` is how a person starts manual jobs. */
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
      io.stderr.write(
        `the pipeline waits for a person to play ${waiting.map((job) => job.name).join(', ')} (${howToPlay})\n`,
      );
      return ExitCode.success;
    }
    default:
      return ExitCode.success;
  }
}
