/** Times after which silent workers lose their jobs, ms. The same for all backends of one database. */
export interface LeaseTimes {
  /** Time between the heartbeats that workers are asked for. */
  readonly heartbeatMs: number;
  /** An attempt without a heartbeat for this long is lost. */
  readonly leaseMs: number;
  /** A worker that has not accepted a job within this time does not get it. */
  readonly acceptMs: number;
}

/** The times of a backend that is not configured otherwise. */
export const defaultLeases: LeaseTimes = { heartbeatMs: 10_000, leaseMs: 45_000, acceptMs: 15_000 };

/** A worker with a heartbeat within this time gets jobs, and no other process may use its identity. */
export const aliveMs = ({ heartbeatMs }: LeaseTimes): number => 2.5 * heartbeatMs;
