import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { quote } from '../syntax/nodes.ts';
import type { JobDefinition } from './JobDefinition.ts';

/** Reports a job that is named like an instance of another one: names identify jobs in records, logs and `needs`. */
export function checkInstanceNames(jobs: readonly JobDefinition[], sink: DiagnosticSink): void {
  const owners = new Map<string, JobDefinition>();
  for (const job of jobs) {
    for (const { name } of job.instances) {
      const other = owners.get(name);
      if (other === undefined) {
        owners.set(name, job);
        continue;
      }
      const message = `there are two jobs with the name ${quote(name)}: \`parallel\` creates one of them`;
      sink.report(codes.duplicateJob, {
        message,
        span: job.span,
        related: [{ span: other.span, message: 'the other one' }],
        help: 'rename one of the jobs',
      });
      // One report for each pair of jobs is enough.
      break;
    }
  }
}
