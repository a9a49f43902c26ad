/** The words of an unfinished command line in a shell. */
export interface TypedLine {
  /** Finished words, quotes removed. */
  readonly words: readonly string[];
  /** The word under the cursor as it is meant; empty behind a space. */
  readonly current: string;
  /** The same word as it is typed, quotes included. */
  readonly raw: string;
}

/** Splits a line as bash would, as far as completion needs it: spaces, quotes and backslashes. */
export function splitTypedLine(line: string): TypedLine {
  const words: string[] = [];
  let current = '';
  let start = -1;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (start !== -1) {
        words.push(current);
      }
      current = '';
      start = -1;
      continue;
    }
    if (start === -1) {
      start = at;
    }
    if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
    } else if (character === '\\' && quote !== "'") {
      at += 1;
      current += line[at] ?? '';
    } else {
      current += character;
    }
  }
  return { words, current, raw: start === -1 ? '' : line.slice(start) };
}

/**
 * A candidate as bash wants it: quoted as the word was begun, and without what stands before the last `:` or `=`
 * of the word, because bash only replaces what follows those.
 */
export function toBashCandidate(candidate: string, raw: string): string {
  if (raw.startsWith("'") || raw.startsWith('"')) {
    return candidate;
  }
  const escaped = candidate.replace(/[^\w@%+=:,./-]/g, '\\$&');
  const kept = Math.max(raw.lastIndexOf(':'), raw.lastIndexOf('=')) + 1;
  return escaped.slice(kept);
}
