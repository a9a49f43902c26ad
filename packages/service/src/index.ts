export { hashToken, sameHash } from './bearer.ts';
export { HttpProblem } from './HttpProblem.ts';
export { HttpServer, type ListenOptions, type TlsFiles } from './HttpServer.ts';
export type {
  Caller,
  EncodedEvents,
  Handler,
  HandlerAnswer,
  Handlers,
  OutgoingEvent,
  RouteCall,
  TokenHolder,
  TokenKind,
} from './handler-types.ts';
export { type Counter, type Histogram, type Labels, MetricsRegistry } from './MetricsRegistry.ts';
export { createServiceLog, type LogFields, type ServiceLog } from './ServiceLog.ts';
export type { ServeOptions } from './serve-routes.ts';
