export { callWithin } from './call-within.ts';
export { type IsTransient, isTransient, isTransientForWorker } from './is-transient.ts';
export { NodeTransport, type NodeTransportOptions } from './NodeTransport.ts';
export { type RetryOptions, RetryPolicy } from './RetryPolicy.ts';
export { type RetryPauses, retryPause } from './retry-pause.ts';
