export type { ApiRequest, ApiResponse, ApiTransport } from './client/ApiTransport.ts';
export { ApiMismatch, ApiProblem, ApiUnreachable } from './client/api-errors.ts';
export {
  type ApiClient,
  type ApiClientOptions,
  type CallOptions,
  createApiClient,
} from './client/create-api-client.ts';
export { type IsTransient, isTransient, isTransientForWorker } from './retry/is-transient.ts';
export { type RetryPauses, retryPause } from './retry/retry-pause.ts';
export { backendRoutes } from './routes/backend-routes.ts';
export { type OpenApiInfo, openApiDocument } from './routes/openapi.ts';
export type { Access, Bytes, Route } from './routes/Route.ts';
export type { ByteSource, Checked, Given, RouteAnswer, RouteInput } from './routes/route-types.ts';
export { workerRoutes } from './routes/worker-routes.ts';
export * from './schemas/job-schemas.ts';
export {
  type Problem,
  type ProblemDetails,
  problem,
  problemMediaType,
  refused,
} from './schemas/Problem.ts';
export * from './schemas/pipeline-schemas.ts';
export { reportJsonSchema } from './schemas/report-schema.ts';
export { unknownFields } from './schemas/unknown-fields.ts';
export * from './schemas/worker-schemas.ts';
export {
  decodeLogFrames,
  encodeLogFrame,
  type LogFrameHead,
  logFrameHeaderLength,
  logFramesMediaType,
  readLogFrameHead,
} from './wire/log-frames.ts';
export { isOwnProtocol, protocolHeader, protocolVersion, versionSkew } from './wire/protocol.ts';
export { type ServerSentEvent, writeServerSentEvent } from './wire/server-sent-events.ts';
