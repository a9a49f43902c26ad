/** The state of a pipeline, stage or job; the same words in records, messages and reports. */
export const ExecutionStatus = {
  /** Not yet eligible. */
  CREATED: 'CREATED',
  /** Eligible; waits for a worker, a slot or a dependency. */
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  SUCCESS: 'SUCCESS',
  FAILED: 'FAILED',
  CANCELED: 'CANCELED',
  SKIPPED: 'SKIPPED',
  /** Waits for a person. */
  MANUAL: 'MANUAL',
} as const;

/** One of the statuses. */
export type ExecutionStatus = (typeof ExecutionStatus)[keyof typeof ExecutionStatus];

/** Terminal statuses never change again within an attempt. */
export function isTerminal(status: ExecutionStatus): boolean {
  return status === 'SUCCESS' || status === 'FAILED' || status === 'CANCELED' || status === 'SKIPPED';
}

/**
 * The one table of legal changes of a job.
 *
 *   CREATED --> PENDING --> RUNNING --> SUCCESS | FAILED | CANCELED
 *      |           |           '--> PENDING (another attempt)
 *      |           '--> SKIPPED | CANCELED | FAILED
 *      |--> MANUAL --> PENDING (played) | SKIPPED | CANCELED
 *      '--> SKIPPED | CANCELED
 *   FAILED | CANCELED | SUCCESS --> PENDING (a person retries)
 *   FAILED | CANCELED | SKIPPED --> CREATED (a person retries something that comes before)
 */
const transitions: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  CREATED: ['PENDING', 'MANUAL', 'SKIPPED', 'CANCELED'],
  PENDING: ['RUNNING', 'FAILED', 'SKIPPED', 'CANCELED'],
  RUNNING: ['SUCCESS', 'FAILED', 'CANCELED', 'PENDING'],
  MANUAL: ['PENDING', 'SKIPPED', 'CANCELED'],
  SUCCESS: ['PENDING'],
  FAILED: ['PENDING', 'CREATED'],
  CANCELED: ['PENDING', 'CREATED'],
  SKIPPED: ['CREATED'],
};

/** Whether a job may go from one status to the other. Staying is not a transition. */
export function canTransition(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return transitions[from].includes(to);
}
