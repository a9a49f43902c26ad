/** The machinery failed, not the job: no engine, container gone, disk full. Becomes `system_failure`. */
export class ExecutionBroken extends Error {
  override readonly name = 'ExecutionBroken';
  /** What the person at the machine can do about it. */
  readonly help: string | null;

  constructor(message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.help = options.help ?? null;
  }
}

/** The job's image cannot be had. Becomes `image_pull_failure`. */
export class ImageUnavailable extends Error {
  override readonly name = 'ImageUnavailable';
  readonly image: string;
  readonly help: string | null;

  constructor(image: string, message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.image = image;
    this.help = options.help ?? null;
  }
}
