/** How often workers are asked to say that they live. */
export const heartbeatMs = 10_000;

/** Without a sign of life for so long an attempt is lost. */
export const leaseMs = 45_000;

/** A worker that has not taken a job by then does not get it. */
export const acceptMs = 15_000;
