import type { Span } from '@xx-pipeline/common';

/** What a scalar stands for, after YAML 1.1 resolution. */
export type ScalarValue = string | number | boolean | null;

/** A single value. `text` is how GitLab would print it: `0x1F` gives `31`, `1.10` gives `1.1`. */
export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
  readonly text: string;
  readonly size: number;
}

/** A key of a mapping and what it maps to. */
export interface MapEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

/** A mapping, merge keys already applied. */
export interface MapNode extends Span {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly size: number;
}

/** A list. */
export interface SeqNode extends Span {
  readonly kind: 'seq';
  readonly items: readonly YamlNode[];
  readonly size: number;
}

/** `!reference [top, key, …]`, until references are resolved. */
export interface ReferenceNode extends Span {
  readonly kind: 'reference';
  /** null when it is malformed, which has been reported. */
  readonly path: readonly string[] | null;
  readonly size: number;
}

/**
 * A node of a parsed file. Aliases are resolved, so nodes may be shared: treat the tree as a graph without cycles and
 * never change it. `size` counts the nodes below with all sharing written out. Every node is also its own span.
 */
export type YamlNode = ScalarNode | MapNode | SeqNode | ReferenceNode;

/** A mapping over the given entries. */
export function mapNode(span: Span, entries: ReadonlyMap<string, MapEntry>): MapNode {
  let size = 1;
  for (const entry of entries.values()) size += entry.value.size;
  return { kind: 'map', file: span.file, start: span.start, end: span.end, entries, size };
}

/** A list over the given items. */
export function seqNode(span: Span, items: readonly YamlNode[]): SeqNode {
  let size = 1;
  for (const item of items) size += item.size;
  return { kind: 'seq', file: span.file, start: span.start, end: span.end, items, size };
}

/** Whether the node says nothing: GitLab treats a null value of almost any key as an absent key. */
export const isNull = (node: YamlNode): boolean => node.kind === 'scalar' && node.value === null;

/** The value of a key, or undefined when it is absent or null. */
export function presentValue(map: MapNode, key: string): YamlNode | undefined {
  const value = map.entries.get(key)?.value;
  return value === undefined || isNull(value) ? undefined : value;
}

/** How messages call a node: `a list`, `the number 5`. */
export function describeNode(node: YamlNode): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'seq') return 'a list';
  if (node.kind === 'reference') return 'a !reference';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${quote(node.value)}`;
  return `the ${typeof node.value} ${quote(node.text)}`;
}

/** A user's text inside a message, on one line and not too long. */
export function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `\`${line.length > 60 ? `${line.slice(0, 57)}...` : line}\``;
}
