import { keyword } from './Keyword.ts';
import { booleanKeyword, durationKeyword, textKeyword, textListSchema, textSchema, textsKeyword } from './kinds.ts';

/** The stage a job belongs to. */
export const stage = textKeyword('stage', 'Stage that the job belongs to; default test');

/** How long an attempt may take. */
export const timeout = durationKeyword('timeout', 'Maximum duration of an attempt, such as 1h 30m');

/** Whether a newer pipeline may cancel the job; nothing to do with a single run. */
export const interruptible = {
  ...booleanKeyword('interruptible', 'Whether a newer pipeline may cancel the job'),
  noEffect: 'only a server that cancels outdated pipelines uses it',
};

/** Labels a worker needs. */
export const tags = textsKeyword('tags', 'Labels that a worker must have to run the job');

/** The jobs to inherit from; applied before anything is read, so there is nothing left to do. */
export const extendsKeyword = keyword<true>({
  name: 'extends',
  summary: 'Jobs whose keys this job inherits',
  schema: { anyOf: [textSchema, textListSchema] },
  read: () => true,
});
