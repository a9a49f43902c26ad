/** Masking shorter texts would hide half of a log and protect nothing. */
export const shortestMaskable = 4;

/** Longer values are masked as they are and by line, but not in encoded forms. */
const longestEncoded = 2048;

/** The texts under which a secret value may show up in a log: itself, its lines, and common encodings of it. */
export function secretForms(value: string): readonly string[] {
  const forms = new Set([value, value.trim()]);
  for (const line of value.split(/[\r\n]+/)) forms.add(line.trim());
  if (value.length >= shortestMaskable && value.length <= longestEncoded) {
    forms.add(encodeURIComponent(value.toWellFormed()));
    forms.add(JSON.stringify(value).slice(1, -1));
    for (const form of base64Forms(value)) forms.add(form);
  }
  return [...forms].filter((form) => form.length >= shortestMaskable);
}

/**
 * The part of the base64 text that every text containing the value has, for each of the three positions
 * the value can have within a group of three bytes; so `user:secret` is found by its secret.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    const text = whole.toString('base64').replace(/=+$/, '');
    const begin = Math.ceil((shift * 8) / 6);
    return text.slice(begin, Math.floor((whole.length * 8) / 6));
  });
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))].filter(
    (form) => form.length >= 5,
  );
}
