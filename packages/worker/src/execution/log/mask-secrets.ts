import type { JobVariable } from '@xx-pipeline/common';
import { ByteMatcher } from './ByteMatcher.ts';
import { secretForms, shortestMaskable } from './secret-forms.ts';

const replacement = Buffer.from('[MASKED]');
const nothing = new Uint8Array(0);

/** Replaces the secrets of one job wherever they appear in its texts and streams. */
export interface SecretMask {
  /** A text with its secrets replaced. */
  text(text: string): string;
  /** A mask for one stream of bytes; each stream needs its own. */
  stream(): MaskStream;
  /** Secrets that cannot be masked, each with its reason. */
  readonly warnings: readonly string[];
}

/** Masks one stream, however it is cut into pieces. */
export interface MaskStream {
  /** Returns the bytes that are safe to show now; holds back less than the length of one secret. */
  write(bytes: Uint8Array): Uint8Array;
  /** Returns the bytes that were held back; the stream begins anew. */
  flush(): Uint8Array;
}

/** Creates the mask for the variables marked as secret. Without any, it changes nothing. */
export function createSecretMask(variables: readonly JobVariable[]): SecretMask {
  const secrets = variables.filter((variable) => variable.secret === true && variable.value !== '');
  const patterns = new Set(secrets.flatMap((variable) => secretForms(variable.value)));
  const warnings = secrets
    .filter((variable) => variable.value.trim().length < shortestMaskable)
    .map((variable) => `secret ${variable.name} is not masked: it has fewer than ${shortestMaskable} characters`);
  if (patterns.size === 0) {
    return { text: (text) => text, stream: () => ({ write: (bytes) => bytes, flush: () => nothing }), warnings };
  }
  const matcher = new ByteMatcher([...patterns].map((pattern) => Buffer.from(pattern)));
  return {
    text: (text) => {
      const stream = new MatcherStream(matcher);
      return Buffer.concat([stream.write(Buffer.from(text)), stream.flush()]).toString();
    },
    stream: () => new MatcherStream(matcher),
    warnings,
  };
}

/** Replaces every unbroken run of bytes that belong to a secret once. */
class MatcherStream implements MaskStream {
  readonly #matcher: ByteMatcher;
  #state = 0;
  /** Bytes in which a secret may have begun. */
  #held: Uint8Array = nothing;
  /** Ranges of the held bytes known to be secret: begin, end, begin, end, …, ascending. */
  #ranges: number[] = [];
  /** The last byte released was secret: the replacement of its run has been written. */
  #inRun = false;

  constructor(matcher: ByteMatcher) {
    this.#matcher = matcher;
  }

  write(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return nothing;
    const offset = this.#held.length;
    this.#scan(bytes, offset);
    const all = offset === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    return this.#release(all, all.length - (this.#matcher.depth[this.#state] as number));
  }

  /** Moves the state over the bytes and notes where secrets are; `offset` is the number of bytes held before them. */
  #scan(bytes: Uint8Array, offset: number): void {
    const { begins, columns, next, matched } = this.#matcher;
    const length = bytes.length;
    let state = this.#state;
    for (let index = 0; index < length; index++) {
      // Most bytes begin no secret: skipping them quickly doubles the speed.
      while (state === 0 && index < length && begins[bytes[index] as number] === 0) index++;
      if (index === length) break;
      state = next[state + (columns[bytes[index] as number] as number)] as number;
      if (matched[state] !== 0)
        addRange(this.#ranges, offset + index + 1 - (matched[state] as number), offset + index + 1);
    }
    this.#state = state;
  }

  flush(): Uint8Array {
    const rest = this.#release(this.#held, this.#held.length);
    this.#state = 0;
    this.#inRun = false;
    return rest;
  }

  /** Releases the bytes before `end` and holds the rest. */
  #release(all: Uint8Array, end: number): Uint8Array {
    // A copy: the caller's buffer may be large and the rest is short.
    this.#held = end === all.length ? nothing : Uint8Array.from(all.subarray(end));
    if (this.#ranges.length === 0) {
      if (end > 0) this.#inRun = false;
      return all.subarray(0, end);
    }
    const pieces: Uint8Array[] = [];
    const later: number[] = [];
    let position = 0;
    for (let index = 0; index < this.#ranges.length; index += 2) {
      const from = this.#ranges[index] as number;
      const to = this.#ranges[index + 1] as number;
      if (to > end) later.push(Math.max(from, end) - end, to - end);
      if (from >= end) continue;
      if (from > position || !this.#inRun) pieces.push(all.subarray(position, from), replacement);
      position = Math.min(to, end);
      this.#inRun = true;
    }
    if (position < end) {
      pieces.push(all.subarray(position, end));
      this.#inRun = false;
    }
    this.#ranges = later;
    return Buffer.concat(pieces);
  }
}

/** Adds a range that ends behind all others, joined with those it meets. */
function addRange(ranges: number[], from: number, to: number): void {
  let begin = from;
  while (ranges.length > 0 && (ranges[ranges.length - 1] as number) >= begin) {
    begin = Math.min(begin, ranges[ranges.length - 2] as number);
    ranges.length -= 2;
  }
  ranges.push(begin, to);
}
