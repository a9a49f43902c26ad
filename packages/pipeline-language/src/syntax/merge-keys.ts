import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { describeNode, isNull, type MapEntry, type YamlNode } from './nodes.ts';

const sourcesOf = (value: YamlNode): readonly YamlNode[] => (value.kind === 'seq' ? value.items : [value]);

/** How many keys `<<: value` would look at; known before the work is done. */
export function mergedKeyCount(value: YamlNode): number {
  return sourcesOf(value).reduce((count, source) => count + (source.kind === 'map' ? source.entries.size : 1), 0);
}

/** What `<<: value` offers to its mapping: shallow, the earlier element of a list wins, null offers nothing. */
export function mergedMappings(value: YamlNode, sink: DiagnosticSink): Map<string, MapEntry> {
  const offered = new Map<string, MapEntry>();
  for (const source of sourcesOf(value)) {
    if (source.kind === 'map') {
      for (const [key, entry] of source.entries) if (!offered.has(key)) offered.set(key, entry);
    } else if (!isNull(source)) {
      const message = `a merge key \`<<\` needs a mapping or a list of mappings, not ${describeNode(source)}`;
      sink.report(codes.badMerge, { message, span: source });
    }
  }
  return offered;
}
