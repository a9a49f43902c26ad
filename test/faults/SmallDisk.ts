import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A disk of few bytes, in memory; root alone can make one. */
export class SmallDisk {
  readonly path: string;

  constructor(megabytes: number) {
    this.path = mkdtempSync(join(tmpdir(), 'xx-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'xx-faults', this.path]);
  }

  static missing(): string | null {
    if (process.getuid?.() !== 0) return 'only root can mount a small disk';
    try {
      const disk = new SmallDisk(1);
      disk.remove();
      return null;
    } catch (error) {
      return `no small disk can be mounted: ${error instanceof Error ? error.message.split('\n')[1] : error}`;
    }
  }

  /** Takes all the space there is. */
  fill(): void {
    for (let size = 4 * 1024 * 1024; size >= 1024; size /= 4) {
      try {
        for (let number = 0; number < 1000; number++) {
          writeFileSync(join(this.path, `ballast-${size}-${number}`), Buffer.alloc(size));
          this.#ballast.push(`ballast-${size}-${number}`);
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        // What was written before the end stays: it takes space too.
        this.#ballast.push(...Array.from({ length: 1000 }, (_, number) => `ballast-${size}-${number}`));
      }
    }
  }

  readonly #ballast: string[] = [];

  /** Gives the space back. */
  relieve(): void {
    for (const name of this.#ballast.splice(0)) rmSync(join(this.path, name), { force: true });
  }

  /** Bytes left. */
  get free(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  remove(): void {
    execFileSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
