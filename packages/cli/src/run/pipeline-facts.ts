import { isoTime } from '@xx-pipeline/common';
import { type PipelineFacts, projectFacts } from '@xx-pipeline/pipeline-language';
import type { PipelineLocation, RepositoryFacts } from '@xx-pipeline/source';

/** What predefined variables are made of, for a run of this machine. */
export function pipelineFacts(
  location: PipelineLocation,
  facts: RepositoryFacts,
  run: { readonly createdAt: number; readonly runNumber: number; readonly name: string | null },
): PipelineFacts {
  const { commit, branch, tag, defaultBranch, remoteUrl } = facts;
  return {
    pipeline: {
      // Scripts expect a number that no other pipeline has.
      id: String(run.createdAt),
      runNumber: run.runNumber,
      source: 'push',
      createdAt: isoTime(run.createdAt),
      name: run.name,
      url: null,
      configPath: location.file,
    },
    project: projectFacts(remoteUrl ?? location.root),
    commit:
      commit === null
        ? null
        : {
            sha: commit.sha,
            beforeSha: null,
            message: commit.message,
            author: commit.author,
            timestamp: commit.committedAt,
          },
    branch,
    tag,
    defaultBranch,
  };
}

/** The name of a pipeline: what its file says, with variables put in, else that of its project. */
export function pipelineName(
  planned: string | null,
  variables: Readonly<Record<string, string>>,
  project: string,
): string {
  const name = (planned ?? '').replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced, plain) => variables[braced ?? plain] ?? '',
  );
  return name.trim() === '' ? project : name.trim();
}
