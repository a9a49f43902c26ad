/** Where the log of an attempt is, in records and reports. */
export const attemptLog = (jobId: string, attempt: number): string => `/api/jobs/${jobId}/log?attempt=${attempt}`;
