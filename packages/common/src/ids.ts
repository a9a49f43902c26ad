/** Makes identifiers; a port, so that tests get the same ones each time. */
export interface IdSource {
  /** A UUID that sorts by creation time (version 7). */
  next(): string;
}
