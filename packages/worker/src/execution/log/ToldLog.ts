/**
 * What the log of an attempt holds already, when a later process goes on with it: the attempt is told again from its
 * beginning, and what was told before is not told twice.
 */
export interface ToldLog {
  /** Bytes of the job's own output, per stream, as they left the mask. */
  readonly stdout: number;
  readonly stderr: number;
  /** Lines of the runner, whole, each with its mark (`LogChunk.mark`). */
  readonly lines: readonly { readonly text: string; readonly mark?: number }[];
  readonly atLineStart: boolean;
}
