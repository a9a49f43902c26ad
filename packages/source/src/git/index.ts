export { gitAsUser, gitVersion } from './git-as-user.ts';
export type { GitFailure } from './git-process.ts';
