import { type MapEntry, type MapNode, mapNode } from '../syntax/nodes.ts';

/**
 * Lays one mapping over another, as `include` and `extends` do: mappings merge key by key, everything else (lists, texts,
 * an explicit null) replaces what was there.
 */
export function deepMerge(base: MapNode, over: MapNode): MapNode {
  if (base.entries.size === 0 || base === over) return over;
  if (over.entries.size === 0) return { ...base, file: over.file, start: over.start, end: over.end };
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) entries.set(key, mergeEntry(entries.get(key), entry));
  return mapNode(over, entries);
}

function mergeEntry(base: MapEntry | undefined, over: MapEntry): MapEntry {
  if (base?.value.kind !== 'map' || over.value.kind !== 'map') return over;
  return { ...over, value: deepMerge(base.value, over.value) };
}
