import { z } from 'zod';

/** Bytes. */
export const MiB = 1024 * 1024;

/** A job by its id. */
export const jobParams = z.object({ jobId: z.uuid() });
/** A run by its id. */
export const executionParams = z.object({ id: z.uuid() });
/** A content by its digest. */
export const digestParams = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });
/** Which attempt a job's own call speaks for. */
export const attemptQuery = z.object({ attempt: z.coerce.number().int().min(1).exactOptional() });
