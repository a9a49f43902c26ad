/** The system failed, not the job: no engine, container lost, disk full. Becomes `system_failure`. */
export class ExecutionBroken extends Error {
  override readonly name = 'ExecutionBroken';
  /** The remedy, for the person at the machine. */
  readonly help: string | null;

  constructor(message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.help = options.help ?? null;
  }
}

/** The job's image is not available. Becomes `image_pull_failure`. */
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
