import { restoreArtifacts } from '../../artifacts/restore-artifacts.ts';
import { type AttemptPhase, containerOf } from '../AttemptPhase.ts';

/** Unpacks the artifacts of needed jobs into the workspace. */
export const restoreArtifactsPhase: AttemptPhase = {
  name: 'restoring artifacts',
  reportedAs: null,
  runs: 'until an ending',
  countsForTimeout: true,
  applies: ({ request, outside }) =>
    outside.begunAt === undefined && (request.needs ?? []).some((need) => need.artifacts),
  limit: ({ settings }) => ({ ms: settings.times.artifactsMs, late: 'artifacts of needed jobs not unpacked' }),

  async run(attempt, signal) {
    const { request, settings, log } = attempt;
    await restoreArtifacts(request.needs ?? [], containerOf(attempt), {
      artifacts: settings.artifacts,
      readerId: request.jobId,
      limits: settings.artifactLimits,
      warn: (message) => log.warn(message),
      signal,
    });
    return null;
  },
};
