import { randomBytes } from 'node:crypto';
import type { IdSource } from '@xx-pipeline/common';

/** UUIDs of version 7: the time in front, so that they sort by it; chance behind. */
export const systemIds: IdSource = {
  next: () => {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(Date.now(), 0, 6);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  },
};
