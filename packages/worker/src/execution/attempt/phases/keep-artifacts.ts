import { keepArtifacts } from '../../artifacts/ArtifactCollector.ts';
import { type AttemptPhase, containerOf } from '../AttemptPhase.ts';
import { isKept } from '../JobEnding.ts';

/** Stores the files that the job keeps. */
export const keepArtifactsPhase: AttemptPhase = {
  name: 'artifacts',
  reportedAs: 'artifacts',
  runs: 'after the script',
  countsForTimeout: false,

  applies: ({ request: { artifacts }, state: { ending } }) =>
    artifacts !== undefined && ending !== null && isKept(artifacts.when, ending),

  limit: ({ settings }) => ({ ms: settings.times.artifactsMs, late: 'artifacts not stored' }),

  async run(attempt, signal) {
    const { request, settings, state, log } = attempt;
    const { artifacts, jobId, attempt: number = 1 } = request;
    if (artifacts === undefined) return null;
    state.artifacts = await keepArtifacts(artifacts, containerOf(attempt), {
      // The name goes into records, addresses and the names of files.
      owner: { jobId, attempt: number, name: log.mask.text(artifacts.name) },
      artifacts: settings.artifacts,
      limits: settings.artifactLimits,
      warn: (message) => log.warn(message),
      signal,
    });
    return null;
  },
};
