import { cancel } from './cases/cancel.ts';
import { postgresRestart } from './cases/database.ts';
import { engineRestart } from './cases/engine-restart.ts';
import { backendDiskFull, workerDiskFull } from './cases/full-disk.ts';
import { killBackend } from './cases/kill-backend.ts';
import { killWorkerBackInTime, killWorkerBackLate } from './cases/kill-worker.ts';
import { manyWorkers } from './cases/many-workers.ts';
import { answersLost, networkCut } from './cases/network.ts';
import { sameIdentity } from './cases/same-identity.ts';
import { slowReader } from './cases/slow-reader.ts';
import { outOfMemory, wrongClock } from './cases/worker-machine.ts';
import type { FaultCase } from './FaultCase.ts';

/** Everything the harness knows how to break. */
export const allCases: readonly FaultCase[] = [
  killBackend,
  killWorkerBackInTime,
  killWorkerBackLate,
  networkCut,
  answersLost,
  backendDiskFull,
  workerDiskFull,
  sameIdentity,
  cancel,
  wrongClock,
  engineRestart,
  outOfMemory,
  manyWorkers,
  slowReader,
  postgresRestart,
];
