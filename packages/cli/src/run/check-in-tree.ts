import {
  type CheckResult,
  checkWithFetched,
  type RepositoryFacts,
  treeVariables,
} from '@xx-pipeline/pipeline-language';
import { type PipelineLocation, type RepositoryReader, readChangedFiles, workingTreeFiles } from '@xx-pipeline/source';

/** A tree, and the facts with which its pipeline file is checked. */
export interface TreeToCheck {
  readonly location: PipelineLocation;
  /** null if the tree is not a repository. */
  readonly reader: RepositoryReader | null;
  /** As rules see them; the changed files are always those of the tree itself. */
  readonly facts: RepositoryFacts;
  readonly variables: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; 0 if no run is created. */
  readonly createdAt: number;
}

/** Checks the text of a pipeline file in its tree. */
export function checkInTree(text: string, input: TreeToCheck): Promise<CheckResult> {
  const { location, reader, facts, variables, createdAt } = input;
  const tree = { root: location.root, file: location.file, repository: facts };
  const toCheck = {
    file: location.file,
    text,
    files: workingTreeFiles(location.root, reader),
    context: {
      predefined: treeVariables(tree, { createdAt, runNumber: 0, name: null }),
      pipelineVariables: variables,
      // Two calls of git that most pipelines do not need.
      get changedFiles() {
        return reader === null ? null : readChangedFiles(facts, reader);
      },
    },
  };
  // No keyword names a file of another origin yet.
  return checkWithFetched(toCheck, async () => new Map());
}
