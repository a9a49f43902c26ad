export { callWithin } from './call-within.ts';
export { NodeTransport, type NodeTransportOptions } from './NodeTransport.ts';
export { type RetryOptions, RetryPolicy } from './RetryPolicy.ts';
