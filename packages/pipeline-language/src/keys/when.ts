import { choiceKeyword, durationKeyword } from './kinds.ts';

const week = 7 * 24 * 3600;

/** When a job whose turn has come starts. */
export const when = choiceKeyword('when', 'When the job starts after the jobs it waits for', [
  'on_success',
  'on_failure',
  'always',
  'manual',
  'delayed',
]);

/** Like `when` of a job, and `never`, which excludes the job. */
export const ruleWhen = choiceKeyword('when', 'When the job starts if this rule matches; `never` excludes it', [
  'on_success',
  'on_failure',
  'always',
  'manual',
  'delayed',
  'never',
]);

/** Whether a pipeline or an included file is used. */
export const admissionWhen = choiceKeyword('when', 'always or never', ['always', 'never']);

/** How long a delayed job waits. */
export const startIn = durationKeyword('start_in', 'Delay before the job starts, at most a week', week);
