import { readTar, type TarHeader } from '@xx-pipeline/common/tar';
import { createTarPacker } from 'modern-tar';

/** Decides about one entry of an archive: the header to keep it under, or null to leave it out. */
export type SelectEntry = (header: TarHeader, source: number) => TarHeader | null;

/**
 * Writes the chosen entries of some tar streams, read one after the other, into one tar stream.
 * Keeps about 10 MB in memory whatever the size. Errors of a source, of `select` and of a damaged archive come out of
 * the result. The bodies of entries that are left out are read too: `select` bounds them by throwing.
 */
export async function* filterTar(
  sources: AsyncIterable<AsyncIterable<Uint8Array>>,
  select: SelectEntry,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  const pumping = pump(sources, select, controller, either).then(
    () => controller.finalize(),
    (error) => controller.error(error),
  );
  try {
    yield* readable;
  } finally {
    // The reader may have stopped early; then the pump must not wait for a source that never yields again.
    stopped.abort();
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
    for await (const { header, body } of readTar(source, signal)) {
      const kept = select(header, index);
      if (kept === null) continue;
      const writer = controller.add(kept).getWriter();
      for await (const bytes of body) await writer.write(bytes);
      await writer.close();
    }
  }
}
