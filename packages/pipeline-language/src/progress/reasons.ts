import type { JobPlan } from '@xx-pipeline/common';
import { StateBit } from './composite-status.ts';
import type { Previous } from './decide.ts';

/** Finds the first job before the one in question whose state is among the given bits. */
export type FindCulprit = (states: number) => string | null;

const shownNeeds = 3;

/** Why a job's turn has come. */
export function startReason(job: JobPlan, isFirst: boolean, findCulprit: FindCulprit): string {
  if (job.when === 'manual') return 'waits for a person to play it';
  const before = job.needs === null ? stageReason(isFirst) : needsReason(job.needs.map((need) => need.job));
  if (job.when === 'delayed') return `starts after ${job.startIn ?? 0} s (${before})`;
  if (job.when === 'on_failure') return `${quoted(findCulprit(StateBit.failed))} failed`;
  return before;
}

/** Why a job is skipped. */
export function skipReason(job: JobPlan, previous: Previous, findCulprit: FindCulprit): string {
  switch (previous) {
    case 'FAILED':
      return `skipped: ${quoted(findCulprit(StateBit.failed))} failed`;
    case 'CANCELED':
      return `skipped: ${quoted(findCulprit(StateBit.canceled))} was canceled`;
    case 'SKIPPED': {
      if (job.needs === null) return 'skipped: nothing before it failed';
      const skipped = findCulprit(StateBit.skipped);
      if (skipped !== null) return `skipped: ${quoted(skipped)} was skipped`;
      return `skipped: manual job ${quoted(findCulprit(StateBit.ignored))} was not played`;
    }
    case 'SUCCESS':
      return 'skipped: nothing before it failed';
  }
}

function stageReason(isFirst: boolean): string {
  return isFirst ? 'nothing comes before its stage' : 'all earlier stages are done';
}

function needsReason(names: readonly string[]): string {
  if (names.length === 0) return 'needs nothing';
  const shown = names.slice(0, shownNeeds).map(quoted).join(', ');
  const rest = names.length - shownNeeds;
  return rest > 0 ? `needs ${shown} and ${rest} more` : `needs ${shown}`;
}

const quoted = (name: string | null): string => (name === null ? 'a job before it' : `"${name}"`);
