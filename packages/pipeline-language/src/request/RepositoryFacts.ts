import type { CommitFacts } from './predefined-variables.ts';

/** Facts of a checked-out tree; null where git has none. */
export interface RepositoryFacts {
  /** The remote's URL without credentials; null without a remote. */
  readonly remoteUrl: string | null;
  /** null when HEAD is detached. */
  readonly branch: string | null;
  /** A tag at HEAD, only when HEAD is detached: a checked-out branch runs as that branch. */
  readonly tag: string | null;
  readonly defaultBranch: string | null;
  /** The default branch of the remote, as a full ref to compare with. */
  readonly defaultRef: string | null;
  /** null in a repository without commits. */
  readonly commit: CommitFacts | null;
}

/** A tree that a pipeline is made from. */
export interface TreeFacts {
  /** Absolute path, which names the repository if it has no remote. */
  readonly root: string;
  /** Path of the pipeline file in the tree. */
  readonly file: string;
  readonly repository: RepositoryFacts;
}
