import { Suggestions } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import {
  isNull,
  type MapEntry,
  type MapNode,
  mapNode,
  type ReferenceNode,
  seqNode,
  type YamlNode,
} from '../syntax/nodes.ts';

/** Replaces every `!reference` by what it names; one that names nothing becomes null, which has then been reported. */
export function resolveReferences(root: MapNode, sink: DiagnosticSink): MapNode {
  return new ReferenceResolver(root, sink).resolve(root) as MapNode;
}

class ReferenceResolver {
  readonly #root: MapNode;
  readonly #sink: DiagnosticSink;
  /** Nodes are shared between aliases and children: each is resolved once. */
  readonly #resolved = new Map<YamlNode, YamlNode>();
  readonly #open: ReferenceNode[] = [];
  readonly #suggestions = new Suggestions();

  constructor(root: MapNode, sink: DiagnosticSink) {
    this.#root = root;
    this.#sink = sink;
  }

  resolve(node: YamlNode): YamlNode {
    if (node.kind === 'scalar') return node;
    const known = this.#resolved.get(node);
    if (known !== undefined) return known;
    const resolved = this.#rebuild(node);
    this.#resolved.set(node, resolved);
    return resolved;
  }

  #rebuild(node: Exclude<YamlNode, { kind: 'scalar' }>): YamlNode {
    if (node.kind === 'reference') return this.#find(node);
    if (node.kind === 'seq') {
      const items = node.items.map((item) => this.resolve(item));
      return items.every((item, index) => item === node.items[index]) ? node : seqNode(node, items);
    }
    let changed = false;
    const entries = new Map<string, MapEntry>();
    for (const entry of node.entries.values()) {
      const value = this.resolve(entry.value);
      changed ||= value !== entry.value;
      entries.set(entry.key, value === entry.value ? entry : { ...entry, value });
    }
    return changed ? mapNode(node, entries) : node;
  }

  #find(reference: ReferenceNode): YamlNode {
    const nothing = {
      kind: 'scalar',
      file: reference.file,
      start: reference.start,
      end: reference.end,
      value: null,
      text: '',
      size: 1,
    } as const;
    if (reference.path === null) return nothing;
    const shown = `\`!reference ${JSON.stringify(reference.path)}\``;
    if (this.#open.some((open) => open.path?.join('\0') === reference.path?.join('\0'))) {
      this.#reportCycle(reference, shown);
      return nothing;
    }
    if (this.#open.length >= limits.referenceDepth) {
      const message = `${shown} is nested too deeply: more than ${limits.referenceDepth} references inside each other`;
      this.#sink.report(codes.referenceCycle, { message, span: reference, settles: true });
      return nothing;
    }
    this.#open.push(reference);
    const found = this.#lookUp(reference.path);
    const resolved = found.node === null ? nothing : this.resolve(found.node);
    this.#open.pop();
    if (found.node === null) {
      const help = this.#suggestions.for(found.missing, found.known);
      this.#sink.report(codes.referenceNotFound, {
        message: `${shown} could not be found`,
        span: reference,
        help,
        settles: true,
      });
    }
    return resolved;
  }

  #reportCycle(reference: ReferenceNode, shown: string): void {
    this.#sink.report(codes.referenceCycle, {
      message: `${shown} is part of a circular chain`,
      span: reference,
      settles: true,
      related: this.#open.map((open) => ({ span: open, message: 'reached from here' })),
    });
  }

  #lookUp(path: readonly string[]): { node: YamlNode } | { node: null; missing: string; known: Iterable<string> } {
    let node: YamlNode = this.#root;
    for (const key of path) {
      // A mapping may itself hold references, which are looked through: chains work.
      if (node.kind === 'reference') node = this.resolve(node);
      if (node.kind !== 'map') return { node: null, missing: key, known: [] };
      const value: YamlNode | undefined = node.entries.get(key)?.value;
      if (value === undefined || isNull(value)) return { node: null, missing: key, known: node.entries.keys() };
      node = value;
    }
    return { node };
  }
}
