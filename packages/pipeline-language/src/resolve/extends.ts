import { Suggestions } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import {
  describeNode,
  isNull,
  type MapEntry,
  type MapNode,
  mapNode,
  quote,
  type ScalarNode,
  type YamlNode,
} from '../syntax/nodes.ts';
import { deepMerge } from './deep-merge.ts';

/** What became of one entry: its mapping with all parents merged in, and how many generations are above it. */
interface Resolved {
  readonly value: MapNode;
  readonly depth: number;
}

/** Merges every top-level mapping with the ones it names in `extends`. What cannot be resolved stays as written. */
export function resolveExtends(root: MapNode, sink: DiagnosticSink): MapNode {
  const resolver = new ExtendsResolver(root, sink);
  const entries = new Map<string, MapEntry>();
  for (const entry of root.entries.values()) entries.set(entry.key, { ...entry, value: resolver.resolveEntry(entry) });
  resolver.settleIncomplete();
  return mapNode(root, entries);
}

/** One generation on the way up: an entry and the name that led to it; the first has none. */
interface Step {
  readonly key: string;
  readonly via: ScalarNode | null;
}

class ExtendsResolver {
  readonly #root: MapNode;
  readonly #sink: DiagnosticSink;
  readonly #resolved = new Map<string, Resolved>();
  /** Entries that lack what they should have inherited, so that what they seem to lack is no news. */
  readonly #incomplete = new Set<string>();
  readonly #suggestions = new Suggestions();

  constructor(root: MapNode, sink: DiagnosticSink) {
    this.#root = root;
    this.#sink = sink;
  }

  settleIncomplete(): void {
    for (const key of this.#incomplete) {
      const entry = this.#root.entries.get(key);
      if (entry !== undefined) this.#sink.settle(entry.keySpan);
    }
  }

  resolveEntry(entry: MapEntry): YamlNode {
    if (entry.value.kind !== 'map') return entry.value;
    const resolved = this.#resolve(entry.value, [{ key: entry.key, via: null }]);
    if (resolved !== 'too-deep') return resolved.value;
    this.#incomplete.add(entry.key);
    this.#sink.report(codes.extendsTooDeep, {
      message: `${entry.key}: nesting too deep in \`extends\`: more than ${limits.extendsDepth} generations`,
      span: entry.value.entries.get('extends')?.keySpan ?? entry.keySpan,
    });
    return entry.value;
  }

  /** `path` ends with the entry that `value` belongs to. */
  #resolve(value: MapNode, path: readonly Step[]): Resolved | 'too-deep' {
    const key = path.at(-1)?.key ?? '';
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    let merged: MapNode | null = null;
    let depth = 0;
    for (const name of parentNames(value, this.#sink)) {
      const parent = this.#parent(key, name, path);
      if (parent === null) {
        this.#incomplete.add(key);
        continue;
      }
      if (path.length > limits.extendsDepth) return 'too-deep';
      const resolved = this.#resolve(parent, [...path, { key: name.text, via: name }]);
      if (resolved === 'too-deep') return 'too-deep';
      if (this.#incomplete.has(name.text)) this.#incomplete.add(key);
      merged = merged === null ? resolved.value : deepMerge(merged, resolved.value);
      depth = Math.max(depth, resolved.depth + 1);
    }
    if (depth > limits.extendsDepth) return 'too-deep';
    const result = { value: merged === null ? value : deepMerge(merged, value), depth };
    this.#resolved.set(key, result);
    return result;
  }

  /** The parent's mapping, or null when it cannot be used, which has then been reported. */
  #parent(key: string, name: ScalarNode, path: readonly Step[]): MapNode | null {
    const parent = this.#root.entries.get(name.text);
    if (parent === undefined) {
      const message = `${key}: unknown keys in \`extends\` (${name.text})`;
      this.#sink.report(codes.extendsUnknown, {
        message,
        span: name,
        help: this.#suggestions.for(name.text, this.#root.entries.keys()),
      });
      return null;
    }
    if (parent.value.kind !== 'map') {
      const message = `${key}: invalid base hashes in \`extends\`: ${quote(name.text)} is ${describeNode(parent.value)}`;
      this.#sink.report(codes.extendsInvalidBase, { message, span: name });
      return null;
    }
    const start = path.findIndex((step) => step.key === name.text);
    if (start === -1) return parent.value;
    this.#reportCycle([...path.slice(start), { key: name.text, via: name }]);
    return null;
  }

  #reportCycle(steps: readonly Step[]): void {
    const related = steps.flatMap(({ key, via }) =>
      via === null ? [] : [{ span: via, message: `extends ${quote(key)}` }],
    );
    this.#sink.report(codes.extendsCycle, {
      message: `${steps[0]?.key}: circular dependency detected in \`extends\`: ${steps.map((step) => step.key).join(' -> ')}`,
      span: steps.at(-1)?.via ?? undefined,
      related: related.slice(0, -1),
    });
  }
}

function parentNames(value: MapNode, sink: DiagnosticSink): ScalarNode[] {
  const node = value.entries.get('extends')?.value;
  if (node === undefined || isNull(node)) return [];
  const names = node.kind === 'seq' ? node.items : [node];
  return names.filter((name): name is ScalarNode => {
    if (name.kind === 'scalar' && typeof name.value === 'string') return true;
    const message = `\`extends\` should be a string or a list of strings, not ${describeNode(name)}`;
    sink.report(codes.wrongType, { message, span: name });
    return false;
  });
}
