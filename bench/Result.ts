/** One line of the table. */
export interface Result {
  readonly id: string;
  readonly what: string;
  /** Medians, with their unit. */
  readonly xx: string;
  readonly other: string;
  readonly measured: string;
  readonly target: string;
  readonly reached: boolean;
}

/** The results as a Markdown table. */
export function toMarkdown(results: readonly Result[]): string {
  const rows = results.map(({ id, what, xx, other, measured, target, reached }) =>
    [id, what, xx, other, measured, target, reached ? 'yes' : '**no**'].join(' | '),
  );
  return [
    '| | case | xx | against | measured | target | reached |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}

/** Milliseconds as people read them. */
export function ms(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}
