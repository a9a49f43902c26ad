export { type StartedWorker, type StartWorkerOptions, startWorker } from './start-worker.ts';
export { WorkerNotStarted } from './WorkerIdentity.ts';
