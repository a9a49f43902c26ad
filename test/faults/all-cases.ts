import { killBackend } from './cases/kill-backend.ts';
import { killWorkerBackInTime, killWorkerBackLate } from './cases/kill-worker.ts';
import { answersLost, networkCut } from './cases/network.ts';
import type { FaultCase } from './FaultCase.ts';

/** Everything the harness knows how to break. */
export const allCases: readonly FaultCase[] = [
  killBackend,
  killWorkerBackInTime,
  killWorkerBackLate,
  networkCut,
  answersLost,
];
