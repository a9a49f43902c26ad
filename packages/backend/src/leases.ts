import process from 'node:process';

/** How often workers are asked to say that they live. */
export const heartbeatMs = milliseconds('XX_HEARTBEAT_SECONDS', 10);

/** Without a sign of life for so long an attempt is lost. */
export const leaseMs = milliseconds('XX_LEASE_SECONDS', 45);

/** A worker that has not taken a job by then does not get it. */
export const acceptMs = milliseconds('XX_ACCEPT_SECONDS', 15);

/** The same for all of a process, and for all backends of one database; tests of lost workers set it low. */
function milliseconds(variable: string, seconds: number): number {
  const given = Number(process.env[variable]);
  return (given > 0 ? given : seconds) * 1000;
}
