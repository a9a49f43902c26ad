import { createTarDecoder, type TarHeader } from 'modern-tar';

export type { TarHeader };

/** One entry of an archive. Its body may be read whole, in part or not at all, but only before the next entry is asked for. */
export interface TarItem {
  readonly header: TarHeader;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Reads a tar stream entry by entry, with memory for about 1 MB of it. Fails when the archive is damaged or cut off,
 * and with the reason of `signal`. A caller that stops early releases the source.
 *
 * What a caller leaves of a body is read and dropped, so a caller that must not read without bound adds up the sizes
 * of the entries that it leaves out, too. It is never canceled: the decoder reads ahead, and canceling a body that it
 * has read already makes it lose the body of the next entry, which then never ends.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<TarItem> {
  const released = new AbortController();
  const either = AbortSignal.any([signal, released.signal]);
  const entries = ReadableStream.from(source).pipeThrough(createTarDecoder({ strict: true }), { signal: either });
  try {
    for await (const { header, body } of entries) {
      signal.throwIfAborted();
      const reader = body.getReader();
      yield { header, body: restOf(reader) };
      while (!(await reader.read()).done);
    }
  } finally {
    released.abort();
  }
}

/** Unlike the iterator of the stream itself, does not cancel the stream when its caller stops early. */
async function* restOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
