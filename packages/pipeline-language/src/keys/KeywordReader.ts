import { Suggestions } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { describeNode, isNull, type MapEntry, type MapNode, quote, type YamlNode } from '../syntax/nodes.ts';
import type { Fields, FieldValues, Keyword, NamedKeyword, Reader } from './Keyword.ts';

/** Reads mappings by tables of keywords, and reports what the tables do not allow. */
export class KeywordReader implements Reader {
  readonly sink: DiagnosticSink;
  readonly #known = new Map<Keyword<unknown>, Map<YamlNode, unknown>>();

  readonly #suggestions = new Suggestions();

  constructor(sink: DiagnosticSink) {
    this.sink = sink;
  }

  value<T>(keyword: Keyword<T>, node: YamlNode): T | undefined {
    let values = this.#known.get(keyword);
    if (values === undefined) {
      values = new Map();
      this.#known.set(keyword, values);
    }
    if (values.has(node)) return values.get(node) as T | undefined;
    const value = keyword.read(node, this);
    values.set(node, value);
    return value;
  }

  fields<F extends Fields>(map: MapNode, fields: F, where: string): FieldValues<F> {
    const values: Record<string, unknown> = {};
    for (const entry of map.entries.values()) {
      const known = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined;
      if (known === undefined) this.#unknown(entry, fields, where);
      else if (isNull(entry.value)) continue;
      else if (known.support === 'full') values[entry.key] = this.#ownValue(known, entry);
      else this.namedOnly(known, entry, where);
    }
    return values as FieldValues<F>;
  }

  #ownValue(known: Keyword<unknown>, entry: MapEntry): unknown {
    if (known.noEffect !== undefined && !this.#known.has(known)) {
      const message = `${quote(known.name)} has no effect: ${known.noEffect}`;
      this.sink.report(codes.noEffect, { message, span: entry.keySpan });
    }
    return this.value(known, entry.value);
  }

  mapping<F extends Fields>(node: YamlNode, fields: F, where: string): FieldValues<F> | undefined {
    if (node.kind === 'map') return this.fields(node, fields, where);
    this.wrongType(node, `\`${where}\` config should be a hash (a mapping)`);
    return undefined;
  }

  namedOnly(known: NamedKeyword, entry: MapEntry, where: string): void {
    const name = where === '' || where.startsWith('job ') ? known.name : `${where}:${known.name}`;
    if (known.support === 'later') {
      const message = `\`${name}\` (${known.summary}) is not supported yet`;
      this.sink.report(codes.notSupportedYet, { message, span: entry.keySpan, help: 'remove the key to run the rest' });
    } else {
      const message = `\`${name}\` (${known.summary}) only has a meaning on a GitLab server and is ignored`;
      this.sink.report(codes.noEffect, { message, span: entry.keySpan });
    }
  }

  wrongType(node: YamlNode, expectation: string, help?: string): void {
    this.sink.report(codes.wrongType, { message: `${expectation}, not ${describeNode(node)}`, span: node, help });
  }

  #unknown(entry: MapEntry, fields: Fields, where: string): void {
    const names = Object.keys(fields);
    const close = this.#suggestions.for(entry.key, names);
    const list = names.length > 16 ? undefined : `known are ${names.join(', ')}`;
    const owner = where.startsWith('job ') ? where : `\`${where}\``;
    this.sink.report(codes.unknownKeyword, {
      message: `unknown keyword ${quote(entry.key)}: ${owner} config contains unknown keys: ${entry.key}`,
      span: entry.keySpan,
      help: close ?? list,
    });
  }
}
