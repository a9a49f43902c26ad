import { join } from 'node:path';
import type { SourceInfo } from '@xx-pipeline/common';
import { type CloneRequest, cloneRepository } from './clone-repository.ts';
import { findPipelineFile, type PipelineLocation } from './find-pipeline-file.ts';
import type { GitCall } from './git.ts';
import { type FactsResult, isDirty, noFacts, type RepositoryFacts, readRepositoryFacts } from './repository-facts.ts';

/** The tree a run starts from, and its pipeline file. */
export interface OpenSource {
  readonly location: PipelineLocation;
  /** Being asked of git already. */
  readonly facts: Promise<FactsResult>;
  /** Whether the tree has uncommitted changes; false where nobody knows. Never rejects. */
  readonly dirty: Promise<boolean>;
  /** The tree is ours: a clone made for this run. */
  readonly clonedFrom: string | null;
  /** Removes what was made. */
  close(): Promise<void>;
}

/** Opens the working tree around `cwd`, or a clone of what `clone` asks for, made in `cloneDirectory`. */
export async function openSource(
  options: { readonly file: string | undefined; readonly clone: CloneRequest | null; readonly cloneDirectory: string },
  call: GitCall,
): Promise<OpenSource> {
  if (options.clone === null) {
    const location = findPipelineFile(call.cwd, options.file);
    const inside = { ...call, cwd: location.root };
    const facts = location.isRepository
      ? readRepositoryFacts(inside)
      : Promise.resolve({ facts: noFacts, problem: null });
    const dirty = location.isRepository ? isDirty(inside).then((answer) => answer === true) : Promise.resolve(false);
    return { location, facts, dirty: dirty.catch(() => false), clonedFrom: null, close: async () => {} };
  }
  const clone = await cloneRepository(options.clone, options.cloneDirectory, call);
  try {
    const file = options.file === undefined ? undefined : join(clone.root, options.file);
    const facts = readRepositoryFacts({ ...call, cwd: clone.root }).then(({ facts, problem }) => ({
      facts: { ...facts, remoteUrl: clone.repository, branch: clone.branch ?? facts.branch },
      problem,
    }));
    return {
      location: findPipelineFile(clone.root, file),
      facts,
      dirty: Promise.resolve(false),
      clonedFrom: clone.repository,
      close: () => clone.remove(),
    };
  } catch (error) {
    await clone.remove();
    throw error;
  }
}

/** What reports say about a source. */
export function sourceInfo(location: PipelineLocation, facts: RepositoryFacts): SourceInfo {
  return {
    repository: facts.remoteUrl ?? location.root,
    branch: facts.branch,
    commit: facts.commit?.sha ?? null,
    dirty: false,
  };
}
