import type { AttemptPhase } from './AttemptPhase.ts';
import { checkScripts } from './phases/check-scripts.ts';
import { keepArtifactsPhase } from './phases/keep-artifacts.ts';
import { prepareContainer } from './phases/prepare-container.ts';
import { restoreArtifactsPhase } from './phases/restore-artifacts.ts';
import { runAfterScript } from './phases/run-after-script.ts';
import { runScript } from './phases/run-script.ts';
import { takeSlot } from './phases/take-slot.ts';
import { waitForDependencies } from './phases/wait-for-dependencies.ts';

/**
 * The phases of an attempt, in their order. A new one is a file in `phases/` and a line here.
 *
 * After a script that failed or was canceled the way leads on through after_script and artifacts; from anywhere else,
 * and on a kill, it leads straight to the clean-up.
 */
export const attemptPhases: readonly AttemptPhase[] = [
  checkScripts,
  waitForDependencies,
  takeSlot,
  prepareContainer,
  restoreArtifactsPhase,
  runScript,
  runAfterScript,
  keepArtifactsPhase,
];
