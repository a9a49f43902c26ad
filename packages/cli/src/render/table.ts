import { displayWidth, padTo, truncate } from './display-width.ts';

/** The head of a column. `right` aligns numbers, `shrink` allows cells to be cut in a long line, `free` lets them exceed the width. */
export interface Column {
  readonly title: string;
  readonly right?: boolean;
  readonly shrink?: boolean;
  readonly free?: boolean;
}

/** Lines of a table with two spaces between columns; empty columns are left out. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const shown = columns.map((_, index) => index).filter((index) => rows.some((row) => (row[index] ?? '') !== ''));
  const widths = shown.map((index) =>
    Math.max(displayWidth(columns[index]?.title ?? ''), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const counted = widths.filter((_, position) => columns[shown[position] ?? 0]?.free !== true);
  const excess = counted.reduce((sum, each) => sum + each + 2, -2) - width;
  if (excess > 0) {
    shrink(
      widths,
      shown.map((index) => columns[index]?.shrink === true),
      excess,
    );
  }
  const line = (cells: readonly string[]): string =>
    shown
      .map((index, position) => {
        const cell = truncate(cells[index] ?? '', widths[position] ?? 0);
        const room = widths[position] ?? 0;
        return columns[index]?.right === true
          ? ' '.repeat(Math.max(0, room - displayWidth(cell))) + cell
          : padTo(cell, room);
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)];
}

/** Takes the excess from the widest shrinkable columns, one by one, leaving each at least 12. */
function shrink(widths: number[], shrinkable: readonly boolean[], excess: number): void {
  for (let left = excess; left > 0; left -= 1) {
    let widest = -1;
    for (let index = 0; index < widths.length; index += 1) {
      if (shrinkable[index] === true && (widths[index] ?? 0) > Math.max(12, widths[widest] ?? 0)) {
        widest = index;
      }
    }
    if (widest === -1) {
      return;
    }
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
