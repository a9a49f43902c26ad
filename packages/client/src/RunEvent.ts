import type { JobEvent, JobExecution, PipelineExecution, PipelinePlan, Report } from '@xx-pipeline/common';

/** What happens in a run, in order, here or on a server; renderers and `-o ndjson` are pure consumers of these. */
export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly execution: PipelineExecution;
      readonly plan: PipelinePlan;
      /** Where the report and the logs go; of a run on a server its address. */
      readonly directory: string;
    }
  /** A job's record changed. */
  | { readonly type: 'job-changed'; readonly job: JobExecution }
  | {
      readonly type: 'job-event';
      readonly jobId: string;
      readonly jobName: string;
      readonly attempt: number;
      readonly event: JobEvent;
    }
  /** Something about the whole run that a person should know. */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'run-finished'; readonly execution: PipelineExecution; readonly report: Report };
