const smallest = 16 * 1024;

/**
 * Gives the memory of bytes back at once; nobody may look at them any more. Left to the collector of garbage, a hundred
 * megabytes a second keep it busier than all else. Parts of larger buffers are left alone.
 */
export function freeBytes(pieces: readonly Uint8Array[]): void {
  for (const { buffer, length } of pieces) {
    if (length < smallest || length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) continue;
    buffer.transfer(0);
  }
}
