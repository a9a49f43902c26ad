import { messageOf } from '@xx-pipeline/common';
import { ImageUnavailable } from '../errors.ts';
import { EngineError } from './EngineError.ts';

/** Says why an image could not be pulled, and what to do about it. */
export function explainPullFailure(image: string, error: unknown, present: readonly string[]): ImageUnavailable {
  const reason = error instanceof EngineError ? error.reason : messageOf(error);
  return new ImageUnavailable(image, `image ${image} cannot be pulled: ${reason}`, {
    help: [helpFor(reason), similar(image, present)].filter((part) => part !== null).join('; '),
    cause: error,
  });
}

function helpFor(reason: string): string {
  if (
    /no such host|lookup|dial tcp|i\/o timeout|connection refused|network is unreachable|TLS handshake/i.test(reason)
  ) {
    return 'the registry cannot be reached from the Docker engine: check the network, or use an image that is present';
  }
  if (/toomanyrequests|rate limit/i.test(reason))
    return 'the registry limits pulls: log in with `docker login`, or wait';
  if (/denied|unauthorized|authentication/i.test(reason)) {
    return 'check the name, and `docker login` if the image is private';
  }
  if (/not found|manifest unknown|does not exist/i.test(reason)) return 'check the name and the tag';
  if (/invalid reference/i.test(reason)) return 'an image is written [registry/]name[:tag], in lower case';
  if (/no space left/i.test(reason)) return 'the disk of the Docker engine is full: `docker system prune` frees space';
  return 'try `docker pull` by hand to see more';
}

function similar(image: string, present: readonly string[]): string | null {
  const last = baseName(image);
  const alike = present.filter((name) => baseName(name) === last || distance(baseName(name), last) <= 2).slice(0, 3);
  return alike.length === 0 ? null : `present with a similar name: ${alike.join(', ')}`;
}

const baseName = (image: string): string => (image.split('/').at(-1) ?? '').split(/[:@]/)[0] ?? '';

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 100) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_unused, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
