export { type GitCall, type GitFailure, git, gitSync } from './git.ts';
