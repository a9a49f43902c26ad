import { z } from 'zod';
import { snapshotSchema } from '../schemas/pipeline-schemas.ts';
import type { Route } from './Route.ts';
import { digestParams, MiB } from './route-parts.ts';

/** The files that runs start from. */
export const sourceRoutes = {
  offerSnapshot: {
    method: 'POST',
    path: '/api/snapshots',
    summary: 'Offer a tree; answers which contents are missing',
    access: ['person'],
    body: snapshotSchema,
    bodyLimit: 128 * MiB,
    responses: { 200: z.object({ id: z.string(), missing: z.array(z.string()) }) },
  },
  putBlob: {
    method: 'PUT',
    path: '/api/blobs/{sha256}',
    summary: 'Store a content; the digest is checked',
    access: ['person'],
    params: digestParams,
    body: 'bytes',
    bodyLimit: 2048 * MiB,
    responses: { 204: null },
    problems: { 413: 'too large', 422: 'the digest does not fit' },
  },
  putBlobs: {
    method: 'POST',
    path: '/api/blobs',
    summary: 'Store many short contents, each after its length (4 bytes, big-endian); answers their digests in order',
    access: ['person'],
    body: 'bytes',
    bodyLimit: 16 * MiB,
    responses: { 200: z.object({ digests: z.array(z.string()) }) },
    problems: { 413: 'too large' },
  },
  downloadSnapshot: {
    method: 'GET',
    path: '/api/snapshots/{sha256}/archive',
    summary: 'A tree as a tar stream',
    access: ['worker', 'person'],
    params: digestParams,
    responses: { 200: 'bytes' },
  },
} as const satisfies Record<string, Route>;
