import type { Severity, Span } from '@xx-pipeline/common';
import type { LineIndex } from '../source/LineIndex.ts';
import type { Painter } from './painter.ts';
import { safeText } from './safe-text.ts';

/** A place to show; the primary one is what the problem is about. */
export interface Mark {
  readonly span: Span;
  readonly label: string;
  readonly primary: boolean;
}

/** More places than this are counted, not shown. */
const mostMarks = 12;

/** The place of a mark's beginning, for numbers in the margin. */
const lineOf = (mark: Mark, lookUp: LookUp): number => lookUp(mark.span.file)?.locate(mark.span.start).line ?? 1;

/** Finds the lines of a file; null when its text is not at hand. */
export type LookUp = (file: string) => LineIndex | null;

/** Columns that the line numbers of all marks need. */
export const marginOf = (marks: readonly Mark[], lookUp: LookUp): number =>
  String(Math.max(1, ...marks.slice(0, mostMarks).map((mark) => lineOf(mark, lookUp)))).length;

/** How frames are drawn. */
export interface FrameStyle {
  readonly margin: number;
  readonly paint: Painter;
  readonly severity: Severity;
  readonly width: number;
}

/** The source lines of all marks with the marked part underlined, the way rustc shows them. */
export function framesOf(marks: readonly Mark[], lookUp: LookUp, style: FrameStyle): string[] {
  const lines = marks
    .slice(0, mostMarks)
    .flatMap((mark, index) => frame(mark, index === 0, lookUp(mark.span.file), style));
  if (marks.length <= mostMarks) return lines;
  const note = `${' '.repeat(style.margin)} ${style.paint.gutter('=')} and ${marks.length - mostMarks} more places`;
  return [...lines, note];
}

function frame(mark: Mark, first: boolean, source: LineIndex | null, style: FrameStyle): string[] {
  const { margin, paint, severity, width } = style;
  const pad = ' '.repeat(margin);
  const file = safeText(mark.span.file);
  const arrow = paint.gutter(`${pad}${first ? '-->' : ':::'}`);
  if (source === null) return [`${arrow} ${file}${mark.label === '' ? '' : `: ${safeText(mark.label)}`}`];
  const { line, column } = source.locate(mark.span.start);
  const excerpt = cut(source, line, mark.span, Math.max(20, width - margin - 4));
  const underline = (mark.primary ? '^' : '-').repeat(excerpt.length);
  const label = mark.label === '' ? '' : ` ${safeText(mark.label)}`;
  const bar = paint.gutter('|');
  return [
    `${arrow} ${file}:${line}:${column}`,
    `${pad} ${bar}`,
    `${paint.gutter(String(line).padStart(margin))} ${bar} ${excerpt.text}`,
    `${pad} ${bar} ${' '.repeat(excerpt.before)}${mark.primary ? paint[severity](underline) : paint.gutter(underline + label)}`,
  ];
}

/** The part of a line that fits around the marked range, and where the range is in it. */
function cut(
  source: LineIndex,
  line: number,
  span: Span,
  room: number,
): { text: string; before: number; length: number } {
  const raw = source.line(line);
  const from = Math.min(span.start - source.lineStart(line), raw.length);
  const to = Math.max(from, Math.min(span.end - source.lineStart(line), raw.length));
  const start = raw.length <= room ? 0 : Math.max(0, Math.min(from - Math.floor(room / 3), raw.length - room));
  const end = Math.min(raw.length, start + room);
  const lead = start > 0 ? '…' : '';
  const before = lead + safeText(raw.slice(start + lead.length, from));
  const marked = safeText(raw.slice(Math.max(from, start + lead.length), Math.min(to, end)));
  const after = safeText(raw.slice(Math.min(to, end), end)) + (end < raw.length ? '…' : '');
  return { text: before + marked + after, before: cells(before), length: Math.max(1, cells(marked)) };
}

/** Columns on a terminal: wide East Asian characters and emoji take two, combining ones none. */
function cells(text: string): number {
  let count = 0;
  for (const character of text) {
    if (/\p{Mn}|\u200d/u.test(character)) continue;
    count +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return count;
}
