import type { Report } from '@xx-pipeline/common';

/** What a report says about a run that does not depend on when, where and how often it ran. */
export function essenceOf(report: Report): unknown {
  const { pipeline, commit, branch, dirty, status, warnings, reason, stages } = report;
  const attemptEssence = (attempt: Report['stages'][number]['jobs'][number]['attempts'][number]) => ({
    number: attempt.number,
    status: attempt.status,
    failureReason: attempt.failureReason,
    failureMessage: attempt.failureMessage,
    exitCode: attempt.exitCode,
    artifacts: attempt.artifacts.map(({ name }) => name),
    ...ran(attempt),
  });
  return {
    ...{ pipeline, commit, branch, dirty, status, warnings, reason },
    stages: stages.map((stage) => ({
      name: stage.name,
      status: stage.status,
      warnings: stage.warnings,
      jobs: stage.jobs.map((job) => ({
        name: job.name,
        status: job.status,
        allowFailure: job.allowFailure,
        failureReason: job.failureReason,
        failureMessage: job.failureMessage,
        waitingReason: job.waitingReason,
        exitCode: job.exitCode,
        image: job.image,
        coverage: job.coverage,
        artifacts: job.artifacts.map(({ name }) => name),
        attempts: job.attempts.map(attemptEssence),
      })),
    })),
  };
}

/** Where two reports differ in what they say, each place once: `stages/0/status: "SUCCESS", "FAILED"`. */
export function differencesOf(one: Report, other: Report): readonly string[] {
  return [...differences(essenceOf(one), essenceOf(other), '')];
}

const ran = ({
  startedAt,
  completedAt,
  log,
}: {
  startedAt: string | null;
  completedAt: string | null;
  log: string | null;
}) => ({
  started: startedAt !== null,
  completed: completedAt !== null,
  log: log !== null,
});

function* differences(one: unknown, other: unknown, path: string): Generator<string> {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    if (one !== other) yield `${path}: ${JSON.stringify(one)}, ${JSON.stringify(other)}`;
    return;
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [left, right] = [one, other].map((each) => (each as Record<string, unknown>)[key]);
    yield* differences(left, right, path === '' ? key : `${path}/${key}`);
  }
}
