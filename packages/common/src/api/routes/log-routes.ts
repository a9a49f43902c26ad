import { z } from 'zod';
import type { Route } from './Route.ts';
import { attemptQuery, jobParams, MiB } from './route-parts.ts';

/** Logs of attempts. */
export const logRoutes = {
  appendLog: {
    method: 'PATCH',
    path: '/api/jobs/{jobId}/log',
    summary: 'Append to a log at a byte offset; a repeat changes nothing, a gap is refused with the next offset',
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery.extend({ offset: z.coerce.number().int().min(0) }),
    body: 'bytes',
    bodyLimit: 256 * MiB,
    responses: { 200: z.object({ nextOffset: z.int() }) },
    problems: {
      409: 'the attempt is not the current one',
      416: 'bytes are missing before the offset: nextOffset tells where to go on',
    },
  },
  readLog: {
    method: 'GET',
    path: '/api/jobs/{jobId}/log',
    summary: "A log's bytes from an offset on, as they are",
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery.extend({
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).exactOptional(),
    }),
    responses: { 200: 'bytes' },
  },
  followLog: {
    method: 'GET',
    path: '/api/jobs/{jobId}/log/events',
    summary: 'A log as server-sent events; the id of each is the byte offset behind it',
    access: ['person'],
    params: jobParams,
    query: attemptQuery.extend({ offset: z.coerce.number().int().min(0).default(0) }),
    responses: { 200: 'events' },
  },
} as const satisfies Record<string, Route>;
