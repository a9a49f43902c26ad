/** Whose archive it is. */
export interface ArtifactKey {
  readonly jobId: string;
  readonly attempt: number;
}

/** The result of an upload. */
export type UploadResult =
  | { readonly kind: 'stored'; readonly path: string }
  /** A part is stored; the next one begins here. */
  | { readonly kind: 'partial'; readonly nextOffset: number }
  | { readonly kind: 'gap'; readonly nextOffset: number }
  | { readonly kind: 'checksum-mismatch' };

/** Artifact archives: uploaded in resumable parts, visible only when whole and checked. Any backend can serve any of them. */
export interface ArtifactStore {
  /** Stores a part beginning at `offset`; with the last byte the digest is checked and the archive becomes visible. */
  upload(
    key: ArtifactKey,
    archive: { readonly size: number; readonly sha256: string; readonly offset: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<UploadResult>;
  /** The whole archive; null when there is none. */
  open(key: ArtifactKey): Promise<AsyncIterable<Uint8Array> | null>;
  close(): Promise<void>;
}
