/** Names of the labels on everything made in Docker. */
export const labelNames = {
  run: 'io.xx-pipeline.run',
  job: 'io.xx-pipeline.job',
  attempt: 'io.xx-pipeline.attempt',
  /** Which process made it: see `OwnerId`. */
  owner: 'io.xx-pipeline.owner',
} as const;
