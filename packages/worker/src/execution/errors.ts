import { SystemFailure } from '@xx-pipeline/common';

/** The system failed, not the job: no engine, container lost, disk full. Becomes `system_failure`. */
export class ExecutionBroken extends SystemFailure {
  override readonly name = 'ExecutionBroken';
}

/** The job's image is not available. Becomes `image_pull_failure`. */
export class ImageUnavailable extends SystemFailure {
  override readonly name = 'ImageUnavailable';
  readonly image: string;

  constructor(image: string, message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options);
    this.image = image;
  }
}
