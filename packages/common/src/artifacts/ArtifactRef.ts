/** A stored artifact archive (tar, zstd-compressed). */
export interface ArtifactRef {
  readonly name: string;
  /** Location in the store; relative to the report locally. */
  readonly path: string;
  /** Bytes of the archive. */
  readonly size: number;
  /** Hex digest of the archive. */
  readonly sha256: string;
}
