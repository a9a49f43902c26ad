import type { Diagnostic, Span } from '@xx-pipeline/common';
import { LineIndex } from '../source/LineIndex.ts';
import { type Painter, painter } from './painter.ts';
import { safeText } from './safe-text.ts';
import { framesOf, type LookUp, type Mark, marginOf } from './source-frame.ts';

/** How diagnostics are shown. */
export interface RenderOptions {
  readonly color: boolean;
  /** Columns of the terminal; longer source lines are cut around the mark. Default 120. */
  readonly width?: number;
}

/** Shows diagnostics to people: the message, the place with the source around it, related places, and what to do. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: RenderOptions,
): string {
  const lines = new Map<string, LineIndex>();
  const lookUp: LookUp = (file) => {
    const known = lines.get(file);
    if (known !== undefined) return known;
    const text = sources.get(file);
    if (text === undefined) return null;
    const index = new LineIndex(text);
    lines.set(file, index);
    return index;
  };
  const paint = painter(options.color);
  return diagnostics.map((found) => renderOne(found, lookUp, paint, options.width ?? 120)).join('\n');
}

function renderOne(found: Diagnostic, lookUp: LookUp, paint: Painter, width: number): string {
  const head = `${paint[found.severity](`${found.severity}[${found.code}]`)}${paint.strong(`: ${safeText(found.message)}`)}`;
  const marks: Mark[] = (found.related ?? []).map((other) => ({
    span: other.span,
    label: other.message,
    primary: false,
  }));
  if (found.span !== undefined) marks.unshift({ span: found.span, label: '', primary: true });
  const margin = marginOf(marks, lookUp);
  const body = framesOf(marks, lookUp, { margin, paint, severity: found.severity, width });
  const note = `${' '.repeat(margin)} ${paint.gutter('=')}`;
  const chain = (found.includedFrom ?? []).toReversed();
  const includes = chain.map((span) => `${note} included from ${place(span, lookUp)}`);
  const help = found.help === undefined ? [] : [`${note} ${paint.strong('help')}: ${safeText(found.help)}`];
  return `${[head, ...body, ...includes, ...help].join('\n')}\n`;
}

function place(span: Span, lookUp: LookUp): string {
  const position = lookUp(span.file)?.locate(span.start);
  return `${safeText(span.file)}${position ? `:${position.line}:${position.column}` : ''}`;
}
