import type { MountSpec } from '../api-types.ts';

/** How a job comes to its files. */
export type WorkspaceMethod =
  /** A copy-on-write layer over the tree, mounted by the engine. */
  | 'overlay'
  /** A copy of the tree, mounted into the container. */
  | 'copy'
  /** The tree, sent into the container through the engine. */
  | 'upload'
  /** The tree itself. */
  | 'shared';

/**
 * The files of one job, from before its container is made until after it is gone.
 *
 *   make --> mount (container is created with it) --> fill (container is created, not started) --> list --> remove
 */
export interface Workspace {
  readonly way: WorkspaceMethod;
  /** What the container is created with; null = nothing, the directory is the container's own. */
  readonly mount: MountSpec | null;
  /** A tar stream to unpack into the created container; null = nothing to do. */
  tar(): AsyncIterable<Uint8Array> | null;
  /** Paths of files below a directory, relative to the workspace; may list more than exists; null = cannot be seen. */
  list(under: string): Promise<readonly string[] | null>;
  /** Removes what it made on this machine; only after the container is gone. False = not permitted, see `leftover`. */
  remove(): Promise<boolean>;
  /** A directory of this machine that belongs to it alone. */
  readonly leftover: string | null;
}
