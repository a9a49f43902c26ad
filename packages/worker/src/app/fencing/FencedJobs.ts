/** What a fence tells whoever has the jobs behind it. */
export interface FencedJobs {
  /** A line for the job's log. */
  say(jobId: string, attempt: number, line: string): void;
  /** It cannot be paused: it is to be ended. */
  lose(jobId: string, attempt: number, reason: string): void;
}
