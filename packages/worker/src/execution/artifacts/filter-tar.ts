import { createTarDecoder, createTarPacker, type TarHeader } from 'modern-tar';

/** Decides about one entry of an archive: the header to keep it under, or null to leave it out. */
export type SelectEntry = (header: TarHeader, source: number) => TarHeader | null;

/**
 * Writes the chosen entries of some tar streams, read one after the other, into one tar stream.
 * Keeps about 10 MB in memory whatever the size. Errors of a source, of `select` and of a damaged archive come out of the result.
 */
export async function* filterTar(
  sources: AsyncIterable<AsyncIterable<Uint8Array>>,
  select: SelectEntry,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const pumping = pump(sources, select, controller, signal).then(
    () => controller.finalize(),
    (error) => controller.error(error),
  );
  try {
    yield* readable;
  } finally {
    // When the reader stopped early the pump's next write fails and lets go of its source.
    await pumping.catch(() => {});
  }
}

async function pump(
  sources: AsyncIterable<AsyncIterable<Uint8Array>>,
  select: SelectEntry,
  controller: ReturnType<typeof createTarPacker>['controller'],
  signal: AbortSignal,
): Promise<void> {
  let index = -1;
  for await (const source of sources) {
    index++;
    const entries = ReadableStream.from(source).pipeThrough(createTarDecoder({ strict: true }), { signal });
    for await (const { header, body } of entries) {
      signal.throwIfAborted();
      const kept = select(header, index);
      if (kept === null) await body.cancel();
      else await body.pipeTo(controller.add(kept), { signal });
    }
  }
}
