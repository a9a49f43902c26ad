import { open } from 'node:fs/promises';
import { logFrameHeaderLength } from '@xx-pipeline/common/api';
import { scanFrames } from './scan-frames.ts';

/** Writes the bytes of a log's frames to a file, without their heads. */
export async function extractLog(spoolPath: string, targetPath: string): Promise<void> {
  const spool = await open(spoolPath, 'r');
  const target = await open(targetPath, 'w', 0o600);
  try {
    const payloads: { position: number; length: number }[] = [];
    const { size } = await spool.stat();
    await scanFrames(spool, 0, size, ({ length }, position) => {
      payloads.push({ position: position + logFrameHeaderLength, length });
      return true;
    });
    for (const { position, length } of payloads) {
      const { buffer, bytesRead } = await spool.read(Buffer.alloc(length), 0, length, position);
      await target.writeFile(buffer.subarray(0, bytesRead));
    }
  } finally {
    await Promise.all([spool.close(), target.close()]);
  }
}
