import { z } from 'zod';
import type { Route } from './Route.ts';
import { attemptQuery, jobParams, MiB } from './route-parts.ts';

// A name is never used as a path here; who downloads might.
const artifactName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^(?![/\\])(?!(?:.*[/\\])?\.\.?(?:[/\\]|$))[^\p{Cc}]*$/u,
    'a name has no control characters, does not begin with a slash and has no . or .. between slashes',
  );

/** Archives that jobs keep. */
export const artifactRoutes = {
  uploadArtifact: {
    method: 'POST',
    path: '/api/job/artifact/upload',
    summary: 'Store an artifact archive, whole or in parts by offset; done when size and digest fit',
    access: ['person', 'worker', 'job'],
    query: attemptQuery.extend({
      jobId: z.uuid(),
      name: artifactName,
      size: z.coerce.number().int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      offset: z.coerce.number().int().min(0).default(0),
    }),
    body: 'bytes',
    bodyLimit: 8192 * MiB,
    responses: { 200: z.object({ complete: z.boolean(), nextOffset: z.int() }) },
    problems: {
      409: 'the attempt is not the current one',
      413: 'too large',
      416: 'bytes are missing before the offset',
      422: 'the digest does not fit',
    },
  },
  downloadArtifacts: {
    method: 'GET',
    path: '/api/jobs/{jobId}/artifacts',
    summary: "The archive of a job's last finished attempt (tar, zstd)",
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery,
    responses: { 200: 'bytes' },
    problems: { 404: 'it kept none' },
  },
} as const satisfies Record<string, Route>;
