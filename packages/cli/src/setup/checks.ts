import { cgroupCheck } from './check-cgroups.ts';
import { engineCheck } from './check-engine.ts';
import { gitCheck } from './check-git.ts';
import { imageCheck } from './check-image.ts';
import { nodeCheck } from './check-node.ts';
import { diskCheck, stateCheck, workspaceCheck } from './check-storage.ts';
import type { SetupCheck } from './SetupCheck.ts';

/** Everything jobs need, in the order in which one thing needs the other. */
export const setupChecks: readonly SetupCheck[] = [
  nodeCheck,
  gitCheck,
  stateCheck,
  diskCheck,
  cgroupCheck,
  engineCheck,
  workspaceCheck,
  imageCheck,
];
