import { join } from 'node:path';
import { type Result, success } from '@xx-pipeline/common';
import { type CloneRequest, cloneRepository } from './clone-repository.ts';
import { type FactsResult, isDirty, noFacts, readRepositoryFacts } from './facts/repository-facts.ts';
import { type GitCall, RepositoryReader } from './git/RepositoryReader.ts';
import type { SourceProblem } from './source-problem.ts';
import { findPipelineFile, type PipelineLocation } from './tree/find-pipeline-file.ts';

/** The tree a run starts from, and its pipeline file. */
export interface OpenSource {
  readonly location: PipelineLocation;
  /** null if the tree is not a repository. */
  readonly reader: RepositoryReader | null;
  /** The query runs already. */
  readonly facts: Promise<FactsResult>;
  /** Whether the tree has uncommitted changes; false if git cannot answer. Never rejects. */
  readonly dirty: Promise<boolean>;
  /** The origin of a clone made for this run; null for a working tree. */
  readonly clonedFrom: string | null;
  /** Removes the clone. */
  close(): Promise<void>;
}

/** Opens the working tree around `cwd`, or a clone of what `clone` asks for, made in `cloneDirectory`. */
export async function openSource(
  options: { readonly file: string | undefined; readonly clone: CloneRequest | null; readonly cloneDirectory: string },
  call: GitCall,
): Promise<Result<OpenSource, SourceProblem>> {
  if (options.clone === null) {
    const found = findPipelineFile(call.cwd, options.file);
    if (!found.ok) return found;
    const location = found.value;
    const reader = location.isRepository ? new RepositoryReader({ ...call, cwd: location.root }) : null;
    const facts = reader === null ? Promise.resolve({ facts: noFacts, problem: null }) : readRepositoryFacts(reader);
    const dirty = reader === null ? Promise.resolve(false) : isDirty(reader).then((answer) => answer === true);
    return success({
      location,
      reader,
      facts,
      dirty: dirty.catch(() => false),
      clonedFrom: null,
      close: async () => {},
    });
  }
  const cloned = await cloneRepository(options.clone, options.cloneDirectory, call);
  if (!cloned.ok) return cloned;
  const clone = cloned.value;
  try {
    const file = options.file === undefined ? undefined : join(clone.root, options.file);
    const found = findPipelineFile(clone.root, file);
    if (!found.ok) {
      await clone.remove();
      return found;
    }
    const reader = new RepositoryReader({ ...call, cwd: clone.root });
    const facts = readRepositoryFacts(reader).then(({ facts, problem }) => ({
      facts: { ...facts, remoteUrl: clone.repository, branch: clone.branch ?? facts.branch },
      problem,
    }));
    return success({
      // A name given for a clone is a name in a tree that somebody else wrote.
      location: { ...found.value, isNamed: false },
      reader,
      facts,
      dirty: Promise.resolve(false),
      clonedFrom: clone.repository,
      close: () => clone.remove(),
    });
  } catch (error) {
    await clone.remove();
    throw error;
  }
}
