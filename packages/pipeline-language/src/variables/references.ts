/** A piece of a variable's value: text as it stands, or a reference to another variable. */
export interface ValuePart {
  readonly text: string;
  /** The name referred to; null for plain text. */
  readonly name: string | null;
}

const references = /\$\$|%%|\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\}|%([A-Za-z_]\w*)%/g;

/** Splits a value at its references: `$NAME`, `${NAME}` and `%NAME%`; `$$` and `%%` are plain text here. */
export function splitReferences(value: string): ValuePart[] {
  const parts: ValuePart[] = [];
  let from = 0;
  for (const match of value.matchAll(references)) {
    const name = match[1] ?? match[2] ?? match[3];
    if (name === undefined) continue;
    if (match.index > from) parts.push({ text: value.slice(from, match.index), name: null });
    parts.push({ text: match[0], name });
    from = match.index + match[0].length;
  }
  if (from < value.length) parts.push({ text: value.slice(from), name: null });
  return parts;
}
