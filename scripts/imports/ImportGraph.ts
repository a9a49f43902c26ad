/** Every file and what it imports of the repository's own, with the line; paths start at the root. */
export type ImportGraph = ReadonlyMap<string, readonly ImportEdge[]>;

export interface ImportEdge {
  readonly to: string;
  readonly line: number;
}

/** A violation of an import rule. */
export interface ImportProblem {
  /** `path:line`. */
  readonly at: string;
  readonly message: string;
}
