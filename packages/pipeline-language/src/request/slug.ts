/** Longest slug: a label of a host name. */
const maxLength = 63;

/** A name in small letters, digits and dashes, fit for host names: `CI_COMMIT_REF_SLUG`. */
export function slug(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
  return plain.slice(0, maxLength).replace(/^-+/, '').replace(/-+$/, '');
}
