const furthest = 2;

/** `did you mean …?` for a name that is at most two typing errors away from a known one; undefined when none is. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const found = closestName(name, known);
  return found === undefined ? undefined : `did you mean \`${found}\`?`;
}

/**
 * `didYouMean` among the names of a file. A file can have ten thousand names and as many mistakes, and comparing all with
 * all takes minutes: only the first mistakes get a suggestion.
 */
export class Suggestions {
  #left = 100;

  for(name: string, known: Iterable<string>): string | undefined {
    return this.#left-- > 0 ? didYouMean(name, known) : undefined;
  }
}

/** The known name nearest to a misspelt one, by Levenshtein distance. */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(furthest, Math.ceil(name.length / 2)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance || candidate === name) continue;
    const distance = levenshtein(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function levenshtein(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
