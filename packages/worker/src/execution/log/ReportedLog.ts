/**
 * The contents of an attempt's log when a later process resumes the attempt: its output is replayed from the beginning,
 * and what the log has already is not written twice.
 */
export interface ReportedLog {
  /** Bytes of the job's own output, per stream, as they left the mask. */
  readonly stdout: number;
  readonly stderr: number;
  /** Lines of the runner, whole, each with its mark (`LogChunk.mark`). */
  readonly lines: readonly { readonly text: string; readonly mark?: number }[];
  readonly atLineStart: boolean;
}
