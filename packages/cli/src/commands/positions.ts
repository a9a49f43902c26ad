import type { Span } from '@xx-pipeline/common';

/** A span as people count: lines and columns from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Makes a function that finds lines and columns; each file is searched for its line starts only once. */
export function positionFinder(sources: ReadonlyMap<string, string>): (span: Span) => Position {
  const known = new Map<string, readonly number[]>();
  const startsOf = (file: string): readonly number[] => {
    let starts = known.get(file);
    if (starts === undefined) {
      starts = lineStarts(sources.get(file) ?? '');
      known.set(file, starts);
    }
    return starts;
  };
  return (span) => {
    const starts = startsOf(span.file);
    const [line, column] = locate(starts, span.start);
    const [endLine, endColumn] = locate(starts, span.end);
    return { file: span.file, line, column, endLine, endColumn };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

function locate(starts: readonly number[], offset: number): [number, number] {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return [low + 1, offset - (starts[low] ?? 0) + 1];
}
