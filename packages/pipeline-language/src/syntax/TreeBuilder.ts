import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import { mergedKeyCount, mergedMappings } from './merge-keys.ts';
import { isNull, type MapEntry, mapNode, quote, type ScalarNode, seqNode, type YamlNode } from './nodes.ts';
import { resolveScalar } from './resolve-scalar.ts';

type OpenEvent = Exclude<Event, { type: typeof EVENT_ID.POP }>;
type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type NodeEvent = Extract<Event, { tagStart: number }>;

const stringTags = new Set(['!', '!!str', '!<tag:yaml.org,2002:str>']);
const ordinaryTags = new Set([...stringTags, '!!map', '!!seq', '!!int', '!!float', '!!bool', '!!null']);

/** Builds the tree of a file from the parser's events, in one pass: aliases, merge keys and duplicate keys included. */
export class TreeBuilder {
  hasReferences = false;

  readonly #file: string;
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #sink: DiagnosticSink;
  readonly #anchors = new Map<string, YamlNode | 'open'>();
  #next = 0;
  #mergedKeys = 0;
  /** Where the last thing ended; gives empty values and collections a place. */
  #end = 0;

  constructor(file: string, text: string, events: readonly Event[], sink: DiagnosticSink) {
    this.#file = file;
    this.#text = text;
    this.#events = events;
    this.#sink = sink;
  }

  /** The first document that has content, or the one behind a header with `spec`; an empty scalar when none has any. */
  build(): YamlNode {
    let root: YamlNode = this.#empty();
    let header: YamlNode | null = null;
    while (this.#next < this.#events.length) {
      this.#next++;
      const before = this.#end;
      if (root.kind === 'map' && root.entries.has('spec') && header === null) header = root;
      else if (!isNull(root)) {
        this.#warnOfFurtherDocument(before);
        break;
      }
      this.#anchors.clear();
      root = this.#node();
      this.#next++;
    }
    return header === null ? root : withHeader(root, header);
  }

  #warnOfFurtherDocument(after: number): void {
    const found = this.#text.indexOf('\n---', after);
    const start = found === -1 ? after : found + 1;
    const message = 'this document is ignored: only the first document of a file is read';
    this.#sink.report(codes.extraDocument, { message, span: { file: this.#file, start, end: start + 3 } });
  }

  #node(): YamlNode {
    const event = this.#events[this.#next++] as OpenEvent;
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.#named(event, this.#scalar(event));
      case EVENT_ID.MAPPING:
        return this.#collection(event, () => this.#mapping(event.start));
      case EVENT_ID.SEQUENCE:
        return this.#collection(event, () => this.#sequence(event));
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      default:
        throw new Error(`unexpected YAML event ${event.type}`);
    }
  }

  #collection(event: NodeEvent, build: () => YamlNode): YamlNode {
    if (event.anchorStart !== -1) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), 'open');
    this.#end = Math.max(this.#end, 'start' in event ? event.start : 0);
    const node = build();
    this.#next++;
    return this.#named(event, node);
  }

  #named(event: NodeEvent, node: YamlNode): YamlNode {
    if (event.anchorStart !== -1) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
    if (event.tagStart !== -1) this.#checkTag(event, node);
    return node;
  }

  #tag(event: NodeEvent): string {
    return this.#text.slice(event.tagStart, event.tagEnd);
  }

  #checkTag(event: NodeEvent, node: YamlNode): void {
    const tag = this.#tag(event);
    if (ordinaryTags.has(tag) || node.kind === 'reference') return;
    const span = { file: this.#file, start: event.tagStart, end: event.tagEnd };
    if (tag === '!reference') {
      this.#sink.report(codes.badReference, {
        message: '!reference is not valid: it should be followed by a list of keys',
        span,
        settles: true,
        help: 'write `!reference [.name-of-a-job, script]`',
      });
    } else {
      this.#sink.report(codes.ignoredTag, { message: `the tag ${quote(tag)} is ignored`, span });
    }
  }

  #scalar(event: ScalarEvent): ScalarNode {
    if (event.valueStart === -1) return this.#empty();
    const source = event.fast ? this.#text.slice(event.valueStart, event.valueEnd) : getScalarValue(this.#text, event);
    this.#end = event.valueEnd;
    const plain = event.style === SCALAR_STYLE.PLAIN && (event.tagStart === -1 || !stringTags.has(this.#tag(event)));
    const { value, text } = plain ? resolveScalar(source) : { value: source, text: source };
    return { kind: 'scalar', file: this.#file, start: event.valueStart, end: event.valueEnd, value, text, size: 1 };
  }

  #empty(): ScalarNode {
    return { kind: 'scalar', file: this.#file, start: this.#end, end: this.#end, value: null, text: '', size: 1 };
  }

  #sequence(event: Extract<Event, { type: typeof EVENT_ID.SEQUENCE }>): YamlNode {
    const items: YamlNode[] = [];
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) items.push(this.#node());
    const span = { file: this.#file, start: event.start, end: Math.max(this.#end, event.start + 1) };
    if (event.tagStart === -1 || this.#tag(event) !== '!reference') return seqNode(span, items);
    this.hasReferences = true;
    const path = items.map((item) => (item.kind === 'scalar' && item.value !== null ? item.text : null));
    if (path.length > 0 && !path.includes(null)) {
      return { kind: 'reference', ...span, path: path as string[], size: 1 };
    }
    this.#sink.report(codes.badReference, {
      message: '!reference is not valid: it should be a list of keys, the first of them top-level',
      span,
      settles: true,
      help: 'write `!reference [.name-of-a-job, script]`',
    });
    return { kind: 'reference', ...span, path: null, size: 1 };
  }

  #mapping(start: number): YamlNode {
    const own = new Map<string, MapEntry>();
    let entries = own;
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const keyEvent = this.#events[this.#next] as OpenEvent;
      const key = this.#node();
      const value = this.#node();
      if (key.kind !== 'scalar') {
        const message = 'a mapping key should be a simple value';
        this.#sink.report(codes.badKey, { message, span: key, help: 'quote the key if it begins with `{` or `[`' });
      } else if (isMergeKey(key, keyEvent)) {
        if (entries === own) entries = new Map(own);
        this.#merge(value, own, entries);
      } else {
        this.#warnOfDuplicate(own, key);
        const entry = { key: key.text, keySpan: key, value };
        own.set(key.text, entry);
        if (entries !== own) entries.set(key.text, entry);
      }
    }
    return mapNode({ file: this.#file, start, end: Math.max(this.#end, start + 1) }, entries);
  }

  #merge(value: YamlNode, own: ReadonlyMap<string, MapEntry>, entries: Map<string, MapEntry>): void {
    this.#mergedKeys += mergedKeyCount(value);
    if (this.#mergedKeys > limits.expandedNodes) {
      const message = `the parsed YAML is too big: merge keys add more than ${limits.expandedNodes} keys`;
      this.#sink.report(codes.tooBig, { message, span: { file: this.#file, start: 0, end: 0 } });
      return;
    }
    for (const [key, entry] of mergedMappings(value, this.#sink)) {
      if (!own.has(key) && !entries.has(key)) entries.set(key, entry);
    }
  }

  #warnOfDuplicate(own: ReadonlyMap<string, MapEntry>, key: ScalarNode): void {
    const earlier = own.get(key.text);
    if (earlier === undefined) return;
    this.#sink.report(codes.duplicateKey, {
      message: `the key ${quote(key.text)} is written twice; the last value is used`,
      span: key,
      related: [{ span: earlier.keySpan, message: 'this value is discarded' }],
    });
  }

  #alias(start: number, end: number): YamlNode {
    this.#end = end;
    const name = this.#text.slice(start, end);
    const node = this.#anchors.get(name);
    if (node !== undefined && node !== 'open') return node;
    const span = { file: this.#file, start: start - 1, end };
    this.#sink.report(codes.unknownAnchor, {
      message:
        node === 'open'
          ? `the alias \`*${name}\` is inside what it stands for`
          : `unknown alias \`*${name}\`: no anchor has this name`,
      span,
      settles: true,
      help:
        node === 'open'
          ? undefined
          : `an anchor is written \`&${name}\`, before the alias and in the same file; quote a text that begins with \`*\``,
    });
    return { ...this.#empty(), start: start - 1, end };
  }
}

const isMergeKey = (key: ScalarNode, event: OpenEvent): boolean =>
  key.value === '<<' && event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN;

/** The content with the header's `spec`, so that one tree shows both. */
function withHeader(content: YamlNode, header: YamlNode): YamlNode {
  if (content.kind !== 'map' || header.kind !== 'map') return content.kind === 'map' ? content : header;
  return mapNode(content, new Map([...header.entries, ...content.entries]));
}
