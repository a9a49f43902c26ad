/**
 * Limits on what plans, requests and messages may hold; one table, so that whatever one contract admits the next one in
 * the chain admits too: plan -> job request -> status update -> record.
 */
export const limits = {
  /** Jobs of one pipeline. */
  jobs: 50_000,
  /** Dependency edges and artifact links of one pipeline. */
  links: 2_000_000,
  /** Characters of one file of a pipeline. */
  file: 2_000_000,
  /** Characters of one text: a command, the value of a variable, a reason. A file may consist of one such text. */
  text: 2_000_000,
  /** Characters of all values of a job's variables together, once the variables in them are expanded. */
  expandedValue: 1024 * 1024,
  /** Characters of log in one status update. */
  updateLog: 1_000_000,
  /** Characters of the name of a job, a stage or a variable. */
  name: 1024,
  /** Characters of a path, of a pattern of paths, or of a short text such as the name of an archive. */
  path: 4096,
  /** Characters of an image's name. */
  image: 4096,
  /** Characters of a user or a platform of a container. */
  word: 1024,
  /** Characters of one argument of an entrypoint. */
  argument: 65_536,
  /** Arguments of one entrypoint. */
  arguments: 1000,
  /** Variables of one job. */
  variables: 10_000,
  /** Commands of one script, patterns of one list of artifacts. */
  commands: 10_000,
  /** Labels of one job or worker. */
  tags: 100,
  /** Rules of one job. */
  traces: 1000,
  /** Characters of a repository's address. */
  url: 2048,
  /** Characters of the key of a tree: an address with its prefix and the hash of a commit. */
  sourceKey: 2048 + 256,
  /** Seconds of a timeout or a delay: a year. */
  seconds: 31_536_000,
} as const;
