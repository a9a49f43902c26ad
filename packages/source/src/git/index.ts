export type { GitCall, GitFailure } from './git.ts';
