export { backendRoutes } from './backend-routes.ts';
export { decodeLogFrames, encodeLogFrame, logFramesMediaType } from './log-frames.ts';
export * from './job-schemas.ts';
export { type Problem, problemCodes, problemMediaType, problemSchema } from './Problem.ts';
export * from './pipeline-schemas.ts';
export type { Access, Bytes, Route } from './Route.ts';
export { workerRoutes } from './worker-routes.ts';
export * from './worker-schemas.ts';
