export { freePort, listenOnLoopback } from './loopback.ts';
export { ManualClock } from './ManualClock.ts';
export { jobOutcome } from './outcomes.ts';
export { jobPlan, needing, testPlan } from './plans.ts';
export { jobRequest } from './requests.ts';
export { runGit } from './run-git.ts';
export { until } from './until.ts';
