import type { RunEvent } from '@xx-pipeline/client';
import { isoTime, type JobEvent, unreachable } from '@xx-pipeline/common';

/** Raised when a line's meaning changes; new types and new fields do not raise it. */
const version = 1;

/** One line of `-o ndjson`; logs are not among them, see `logLine`. Null when the event has no line of its own. */
export function eventLine(event: RunEvent): string | null {
  switch (event.type) {
    case 'run-started': {
      const stages = event.plan.stages.map((stage) => ({
        name: stage.name,
        jobs: stage.jobs.map(({ name, needs, when }) => ({
          name,
          needs: needs?.map((need) => need.job) ?? null,
          when,
        })),
      }));
      return line({ type: event.type, directory: event.directory, execution: event.execution, plan: { stages } });
    }
    case 'job-changed':
      return line({ type: event.type, job: event.job });
    case 'job-event':
      return jobEventLine({ jobId: event.jobId, job: event.jobName, attempt: event.attempt }, event.event);
    case 'notice':
      return line({ type: event.type, message: event.message });
    case 'run-finished':
      return line({ type: event.type, report: event.report });
    default:
      return unreachable(event);
  }
}

/** Whose attempt a line is about. */
export interface LineOwner {
  readonly jobId: string;
  readonly job: string;
  readonly attempt: number;
}

/** One line of a job's output, without its line end. */
export function logLine(owner: LineOwner, stream: string, at: number, text: string): string {
  return line({ type: 'log', ...owner, at: isoTime(at), stream, text });
}

function jobEventLine(owner: LineOwner, event: JobEvent): string | null {
  switch (event.type) {
    case 'phase':
      return line({ type: 'phase', ...owner, at: isoTime(event.at), phase: event.phase });
    case 'command':
      return line({ type: 'command', ...owner, at: isoTime(event.at), index: event.index, text: event.text });
    case 'pull-progress':
      return line({
        type: 'pull-progress',
        ...owner,
        at: isoTime(event.at),
        image: event.image,
        current: event.current,
        total: event.total,
      });
    case 'warning':
      return line({ type: 'warning', ...owner, at: isoTime(event.at), message: event.message });
    case 'finished':
      return line({ type: 'attempt-finished', ...owner, at: isoTime(event.at), outcome: event.outcome });
    case 'log':
      return null;
    default:
      return unreachable(event);
  }
}

const line = (data: object): string => `${JSON.stringify({ v: version, ...data })}\n`;
