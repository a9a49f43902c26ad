/** Limits of one archive of artifacts: bytes of its files before compression, and entries. Makers and readers share them. */
export const artifactLimits = { bytes: 10 * 2 ** 30, files: 1_000_000 } as const;
