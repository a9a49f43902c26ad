import { Suggestions } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { type JobDefinition, unreadableStage } from './JobDefinition.ts';

/** Reports jobs in stages that the file does not have. */
export function checkStages(jobs: readonly JobDefinition[], stages: readonly string[], sink: DiagnosticSink): void {
  const known = new Set(stages);
  const suggestions = new Suggestions();
  for (const job of jobs) {
    if (known.has(job.stage) || job.stage === unreadableStage) continue;
    const available = stages.length > 20 ? `${stages.slice(0, 20).join(', ')}, ...` : stages.join(', ');
    const missing =
      job.keys.stage === undefined ? 'a job without `stage` is in `test`: give it one of these stages' : undefined;
    sink.report(codes.unknownStage, {
      message: `${job.name} job: chosen stage ${job.stage} does not exist; available stages are ${available}`,
      span: job.stageSpan,
      help: suggestions.for(job.stage, known) ?? missing ?? `add \`${job.stage}\` to \`stages\``,
    });
  }
}
