/** Why a job failed; `script_failure` is the user's, the others say whose fault it was. */
export const failureReasons = [
  'script_failure',
  'timeout',
  'image_pull_failure',
  'dependency_failed',
  'dependency_timeout',
  'worker_lost',
  'canceled',
  'config_error',
  'system_failure',
] as const;

/** One of the reasons. */
export type FailureReason = (typeof failureReasons)[number];
