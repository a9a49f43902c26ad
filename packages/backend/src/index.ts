export { type BackendOptions, type RunningBackend, startBackend } from './app.ts';
export { openTokens, type TokenAdministration } from './auth/open-tokens.ts';
export {
  type ConfigProblem,
  checkDatabase,
  checkExposure,
  isLoopback,
  type ListenAddress,
  parseListenAddress,
  readLeases,
} from './config.ts';
export { StorageError } from './storage/StorageError.ts';
