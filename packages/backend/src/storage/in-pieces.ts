/** The same bytes in pieces of one size, the last one smaller; what came before a failure comes before it here, too. */
export async function* inPieces(bytes: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (let chunk of bytes) {
      while (length + chunk.length >= size) {
        parts.push(chunk.subarray(0, size - length));
        chunk = chunk.subarray(size - length);
        const piece = Buffer.concat(parts);
        parts = [];
        length = 0;
        yield piece;
      }
      if (chunk.length === 0) continue;
      parts.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    if (length > 0) yield Buffer.concat(parts);
    throw error;
  }
  if (length > 0) yield Buffer.concat(parts);
}
