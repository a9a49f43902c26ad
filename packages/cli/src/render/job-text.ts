import { failureText, type OutcomeFacts, outcomeNotes, waitingText } from '@xx-pipeline/client';
import type { JobAttempt } from '@xx-pipeline/common';
import { visible } from './ansi.ts';

// The words for outcomes with the texts of jobs and servers in them, safe for a terminal.

/** Why an attempt failed, in a few words. */
export const visibleFailure = (attempt: JobAttempt): string => visible(failureText(attempt));

/** Remarks on the outcome of a job. */
export const visibleNotes = (job: OutcomeFacts): string[] => outcomeNotes(job).map(visible);

/** Why a job waits or was skipped. */
export const visibleReason = (reason: string): string => visible(waitingText(reason));
