/** The candidate a typo most likely meant: at most two edits away, or three in long words; null if none is near. */
export function didYouMean(typed: string, candidates: Iterable<string>): string | null {
  const wanted = typed.toLowerCase().slice(0, 64);
  let best: string | null = null;
  let bestDistance = wanted.length > 8 ? 3.5 : wanted.length > 3 ? 2.5 : 1.5;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) > 3) {
      continue;
    }
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}
