import type { PipelineExecution, PipelinePlan } from '@xx-pipeline/common';
import { visible } from './ansi.ts';

/** The first line of a run: `xx run · quickstart #3 · main@3f2c91a · 6 jobs in 3 stages`. */
export function runTitle(execution: PipelineExecution, plan: PipelinePlan): string {
  const { branch, commit, dirty } = execution.source;
  const version =
    commit === null
      ? ''
      : `${branch === null ? '' : `${visible(branch)}@`}${visible(commit.slice(0, 7))}${dirty ? ' + changes' : ''}`;
  const parts = [
    'xx run',
    `${visible(execution.pipeline)} #${execution.runNumber}`,
    version,
    `${plural(execution.jobs.length, 'job')} in ${plural(execution.stages.length, 'stage')}`,
    plan.excluded.length === 0 ? '' : `${plan.excluded.length} not in this run`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** `1 job`, `2 jobs`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
