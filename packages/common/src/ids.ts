/** Makes identifiers; a port, so that tests get the same ones each time. */
export interface IdSource {
  /** A UUID that sorts by creation time (version 7). */
  next(): string;
}

/** UUIDs of version 7 (RFC 9562): 48 bits of time, then random bits. */
export const systemIds: IdSource = {
  next: () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const view = new DataView(bytes.buffer);
    const now = Date.now();
    view.setUint32(0, Math.floor(now / 2 ** 16));
    view.setUint16(4, now % 2 ** 16);
    view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
    view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  },
};
