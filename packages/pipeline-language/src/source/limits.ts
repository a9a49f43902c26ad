import { limits as common } from '@xx-pipeline/common';

/** Bounds on what a pipeline file may cost, so that no file can hang or exhaust a shared machine. */
export const limits = {
  /** Characters of one file. */
  fileSize: common.file,
  /** Collections inside collections. */
  nesting: 100,
  /** Nodes of one file with every alias written out. */
  expandedNodes: 1_000_000,
  /** Nodes of all jobs together with `extends` and `!reference` written out. */
  mergedNodes: 4_000_000,
  /** Files included, repeated ones counted each time. */
  includes: 150,
  /** Ancestors of a job through `extends`. */
  extendsDepth: 10,
  /** References inside what references found. */
  referenceDepth: 100,
  /** Lists inside lists, in scripts, rules and stages. */
  nestedLists: 10,
  /** Entries of `needs`. */
  needs: 50,
  /** Jobs made by one `parallel`. */
  instances: 200,
  /** Jobs of one pipeline. */
  jobs: common.jobs,
  /** Dependency edges and artifact links of one pipeline. */
  links: common.links,
  /** Variables copied into jobs and into what their rules see, summed over all jobs. */
  variableCopies: 10_000_000,
  /** Characters of a job name. */
  jobName: 255,
  /** Entries of `rules:changes` and `rules:exists`. */
  rulePaths: 50,
} as const;
