import { failure, type Result, success } from '@xx-pipeline/common';
import { type Event, parseEvents, YAMLException } from 'js-yaml';
import { limits } from '../source/limits.ts';

/** Why a text is not YAML, as the fast parser saw it. */
export interface StreamError {
  readonly message: string;
  readonly offset: number;
}

/** The parser's events for a text, or the first thing it could not read. */
export function parseEventStream(text: string): Result<Event[], StreamError> {
  try {
    return success(parseEvents(text, { maxDepth: limits.nesting }));
  } catch (problem) {
    if (!(problem instanceof YAMLException)) throw problem;
    return failure({ message: problem.reason, offset: Math.min(problem.mark?.position ?? 0, text.length) });
  }
}
