/** The parts of an image's name. */
export interface ImageReference {
  /** Host of the registry, as credentials are kept for it. */
  readonly registry: string;
  /** The name without tag and digest, as written. */
  readonly name: string;
  /** Tag or digest to pull; `latest` if the name has neither. */
  readonly version: string;
}

/** Takes an image's name apart; `docker.io` is meant where no registry is named. */
export function parseImageReference(image: string): ImageReference {
  const first = image.split('/')[0] ?? '';
  const named = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  const registry = named ? first : 'docker.io';
  const digestAt = image.indexOf('@');
  if (digestAt >= 0)
    return { registry, name: withoutTag(image.slice(0, digestAt)).name, version: image.slice(digestAt + 1) };
  const { name, tag } = withoutTag(image);
  return { registry, name, version: tag ?? 'latest' };
}

function withoutTag(image: string): { name: string; tag: string | null } {
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  return colon < 0 ? { name: image, tag: null } : { name: image.slice(0, colon), tag: image.slice(colon + 1) };
}
