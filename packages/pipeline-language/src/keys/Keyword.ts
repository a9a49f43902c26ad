import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import type { MapEntry, MapNode, YamlNode } from '../syntax/nodes.ts';
import type { JsonSchema } from './JsonSchema.ts';

/** A YAML key that means something here: how to read its value, and what an editor may know about it. */
export interface Keyword<T> {
  readonly support: 'full';
  readonly name: string;
  /** One line for editors. */
  readonly summary: string;
  readonly schema: JsonSchema;
  /** Why the key changes nothing, if so; said once for a pipeline, since it stands in every job or in none. */
  readonly noEffect?: string;
  /**
   * The value of a non-null node, or undefined when it is unusable, which has then been reported. Depends on nothing but
   * the node, so that a node shared by many jobs is read, and complained about, once.
   */
  readonly read: (node: YamlNode, reader: Reader) => T | undefined;
}

/** A key of the language that is known by name only. */
export interface NamedKeyword {
  /** `later`: an error, since ignoring it would change what runs. `server`: accepted with a warning. */
  readonly support: 'later' | 'server';
  readonly name: string;
  readonly summary: string;
}

/** The keys that a mapping may have. The order is that of the documentation and of the editor schema. */
export type Fields = Readonly<Record<string, Keyword<unknown> | NamedKeyword>>;

/** What reading a mapping gives: the keys that are present, not null and usable. */
export type FieldValues<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Keyword<unknown> ? K : never]?: F[K] extends Keyword<infer T> ? T : never;
};

/** Reads mappings by tables of keywords, and reports what the tables do not allow. */
export interface Reader {
  readonly sink: DiagnosticSink;
  /** The value of one key. Nodes are shared by anchors, `extends` and `default`, so each is read once. */
  value<T>(keyword: Keyword<T>, node: YamlNode): T | undefined;
  /** The values of a mapping's keys. `where` names the mapping in messages: `artifacts`, `job build`. */
  fields<F extends Fields>(map: MapNode, fields: F, where: string): FieldValues<F>;
  /** Like `fields`, for a node that has to be a mapping first. */
  mapping<F extends Fields>(node: YamlNode, fields: F, where: string): FieldValues<F> | undefined;
  /** Reports a key that is not supported, or that has no effect here. */
  namedOnly(known: NamedKeyword, entry: MapEntry, where: string): void;
  /** Reports a value of the wrong kind; the message ends with what was found instead. */
  wrongType(node: YamlNode, expectation: string, help?: string): void;
}

/** Declares a supported key. */
export const keyword = <T>(definition: Omit<Keyword<T>, 'support'>): Keyword<T> => ({ support: 'full', ...definition });

/** Declares a key that is to come. */
export const later = (name: string, summary: string): NamedKeyword => ({ support: 'later', name, summary });

/** Declares a key that only a GitLab server can honour. */
export const server = (name: string, summary: string): NamedKeyword => ({ support: 'server', name, summary });
