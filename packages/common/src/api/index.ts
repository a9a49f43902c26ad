export type { ApiRequest, ApiResponse, ApiTransport } from './ApiTransport.ts';
export { ApiMismatch, ApiProblem, ApiUnreachable } from './api-errors.ts';
export { backendRoutes } from './backend-routes.ts';
export {
  type ApiClient,
  type ApiClientOptions,
  type CallOptions,
  createApiClient,
  requestPath,
} from './create-api-client.ts';
export * from './job-schemas.ts';
export {
  decodeLogFrames,
  encodeLogFrame,
  type LogFrameHead,
  logFrameHeaderLength,
  logFramesMediaType,
  readLogFrameHead,
} from './log-frames.ts';
export { type OpenApiInfo, openApiDocument } from './openapi.ts';
export { type Problem, problemCodes, problemMediaType, problemSchema } from './Problem.ts';
export * from './pipeline-schemas.ts';
export { planSchema } from './plan-schema.ts';
export type { Access, Bytes, Route } from './Route.ts';
export type { ByteSource, Checked, Given, RouteAnswer, RouteInput } from './route-types.ts';
export { readServerSentEvents, type ServerSentEvent, writeServerSentEvent } from './server-sent-events.ts';
export { workerRoutes } from './worker-routes.ts';
export * from './worker-schemas.ts';
