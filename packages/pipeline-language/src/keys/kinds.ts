import { didYouMean } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import { globProblem } from '../rules/glob.ts';
import { describeNode, quote, type ScalarNode, type YamlNode } from '../syntax/nodes.ts';
import { parseDuration } from '../variables/duration.ts';
import type { JsonSchema } from './JsonSchema.ts';
import { type Keyword, keyword, type Reader } from './Keyword.ts';

/** A text node. */
export const isText = (node: YamlNode): node is ScalarNode => node.kind === 'scalar' && typeof node.value === 'string';

/** A whole number node. */
export const isInteger = (node: YamlNode): node is ScalarNode & { value: number } =>
  node.kind === 'scalar' && typeof node.value === 'number' && Number.isInteger(node.value);

export const textSchema: JsonSchema = { type: 'string' };
export const textListSchema: JsonSchema = { type: 'array', items: textSchema };

/** A key whose value is a text. */
export const textKeyword = (name: string, summary: string): Keyword<string> =>
  keyword({
    name,
    summary,
    schema: textSchema,
    read(node, reader) {
      if (isText(node)) return node.text;
      reader.wrongType(node, `\`${name}\` should be a string`, quoteHelp(node));
      return undefined;
    },
  });

/** A key whose value is true or false. */
export const booleanKeyword = (name: string, summary: string): Keyword<boolean> =>
  keyword({
    name,
    summary,
    schema: { type: 'boolean' },
    read(node, reader) {
      if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
      reader.wrongType(node, `\`${name}\` should be a boolean value`);
      return undefined;
    },
  });

/** A key whose value is one of some words. */
export const choiceKeyword = <const C extends string>(
  name: string,
  summary: string,
  choices: readonly C[],
): Keyword<C> =>
  keyword({
    name,
    summary,
    schema: { enum: choices },
    read: (node, reader) => readChoice(node, reader, name, choices),
  });

/** One of some words. */
export function readChoice<C extends string>(
  node: YamlNode,
  reader: Reader,
  name: string,
  choices: readonly C[],
): C | undefined {
  const found = isText(node) ? choices.find((choice) => choice === node.text) : undefined;
  if (found !== undefined) return found;
  reader.sink.report(codes.invalidValue, {
    message: `${name} should be one of: ${choices.join(', ')}, not ${describeNode(node)}`,
    span: node,
    help: isText(node) ? didYouMean(node.text, choices) : undefined,
  });
  return undefined;
}

const longestDuration = 31 * 24 * 3600;

/** A key whose value is a duration; read as seconds. */
export const durationKeyword = (name: string, summary: string, limit = longestDuration): Keyword<number> =>
  keyword({
    name,
    summary,
    schema: textSchema,
    read(node, reader) {
      const seconds = isText(node) ? parseDuration(node.text) : null;
      if (seconds === null) {
        const message = `\`${name}\` config should be a duration`;
        const help = isInteger(node)
          ? `write \`"${node.text} seconds"\``
          : 'write it like `90 seconds`, `1h 30m` or `2 days`';
        reader.sink.report(codes.invalidDuration, { message, span: node, help });
        return undefined;
      }
      if (seconds <= limit) return seconds;
      const message = `\`${name}\` config should not exceed the limit of ${limit / 86_400} days`;
      reader.sink.report(codes.invalidDuration, { message, span: node });
      return undefined;
    },
  });

/** A list of texts; null entries and other kinds are reported, the rest is kept. */
export function readTexts(node: YamlNode, reader: Reader, name: string): ScalarNode[] | undefined {
  if (node.kind !== 'seq') {
    reader.wrongType(
      node,
      `\`${name}\` should be an array of strings`,
      isText(node) ? `write \`[${node.text}]\`` : undefined,
    );
    return undefined;
  }
  return node.items.filter((item): item is ScalarNode => {
    if (isText(item)) return true;
    reader.wrongType(item, `\`${name}\` should be an array of strings; this entry should be a string`, quoteHelp(item));
    return false;
  });
}

/** A key whose value is a list of texts. */
export const textsKeyword = (name: string, summary: string): Keyword<readonly string[]> =>
  keyword({
    name,
    summary,
    schema: textListSchema,
    read: (node, reader) => readTexts(node, reader, name)?.map((item) => item.text),
  });

/** A key whose value is a list of file patterns. */
export const globsKeyword = (name: string, summary: string): Keyword<readonly string[]> =>
  keyword({
    name,
    summary,
    schema: textListSchema,
    read: (node, reader) =>
      readTexts(node, reader, name)
        ?.filter((item) => isGlob(item, reader))
        .map((item) => item.text),
  });

/** Whether a file pattern can be used; reports why not. */
export function isGlob(node: ScalarNode, reader: Reader): boolean {
  const problem = globProblem(node.text);
  if (problem === null) return true;
  reader.sink.report(codes.invalidGlob, {
    message: `the pattern ${quote(node.text)} cannot be used: ${problem}`,
    span: node,
  });
  return false;
}

/** Numbers and booleans where a text belongs are nearly always missing quotes. */
export function quoteHelp(node: YamlNode): string | undefined {
  const isUnquoted = node.kind === 'scalar' && node.value !== null && typeof node.value !== 'string';
  return isUnquoted ? `quote it: \`"${node.text}"\`` : undefined;
}
