/** The message of anything thrown, or of the reason of an aborted signal. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of anything thrown, for the log of a service: never for a person who made a mistake. */
export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
