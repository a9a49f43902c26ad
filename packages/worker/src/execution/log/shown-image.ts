import type { JobRequest } from '@xx-pipeline/common';
import { createSecretMask } from './mask-secrets.ts';

/** The name of a job's image as records may have it: a secret variable may be part of it. */
export function shownImage({ image, variables = [] }: Pick<JobRequest, 'image' | 'variables'>): string {
  return createSecretMask(variables).text(image.name);
}
