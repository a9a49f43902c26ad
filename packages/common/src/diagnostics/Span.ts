/** A range of characters in one source file. Offsets count UTF-16 units; lines and columns are computed only for display. */
export interface Span {
  /** Path as the user knows it: relative to the repository root, with forward slashes. */
  readonly file: string;
  /** Offset of the first character. */
  readonly start: number;
  /** Offset behind the last character; equal to `start` for a point. */
  readonly end: number;
}
