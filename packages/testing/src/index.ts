export { freePort, listenOnLoopback } from './loopback.ts';
export { jobOutcome } from './outcomes.ts';
export { jobPlan, needing, testPlan } from './plans.ts';
export { jobRequest } from './requests.ts';
export { until } from './until.ts';
