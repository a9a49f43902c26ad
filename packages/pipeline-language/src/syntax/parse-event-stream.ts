import { failure, type Result, success } from '@xx-pipeline/common';
import { type Event, parseEvents, YAMLException } from 'js-yaml';
import { limits } from '../source/limits.ts';
import { indentFlowLines, withOriginalPositions } from './indent-flow-lines.ts';

/** Why a text is not YAML, as the fast parser saw it. */
export interface StreamError {
  readonly message: string;
  readonly offset: number;
}

/** What a parser without libyaml's leniency needs to read a text; positions are mapped back by `toOriginal`. */
export interface ReadableText {
  readonly text: string;
  toOriginal(position: number): number;
}

/** The parser's events for a text, or the first problem and the text in which it was found. */
export function parseEventStream(text: string): Result<Event[], { error: StreamError; readable: ReadableText }> {
  const first = parse(text);
  if (first.ok) return first;
  const indented = indentFlowLines(text, 2 * limits.fileSize);
  if (indented === null) return failure({ error: first.error, readable: { text, toOriginal: (position) => position } });
  const second = parse(indented.text);
  if (second.ok) return success(second.value.map((event) => withOriginalPositions(event, indented)));
  return failure({ error: second.error, readable: indented });
}

function parse(text: string): Result<Event[], StreamError> {
  try {
    return success(parseEvents(text, { maxDepth: limits.nesting }));
  } catch (problem) {
    if (!(problem instanceof YAMLException)) throw problem;
    return failure({ message: problem.reason, offset: Math.min(problem.mark?.position ?? 0, text.length) });
  }
}
