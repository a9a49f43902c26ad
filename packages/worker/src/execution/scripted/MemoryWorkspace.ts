import { packTar, type TarHeader, unpackTar } from 'modern-tar';

interface MemoryFile {
  readonly header: TarHeader;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A workspace in memory that takes and gives real tar streams. */
export class MemoryWorkspace {
  readonly #files = new Map<string, MemoryFile>();

  async unpack(tar: AsyncIterable<Uint8Array>): Promise<void> {
    for (const { header, data } of await unpackTar(ReadableStream.from(tar))) {
      this.#files.set(header.name.replace(/\/$/, ''), { header, data: data ?? new Uint8Array(0) });
    }
  }

  /** A tar of what is at or below a path; null when there is nothing. */
  async pack(path: string): Promise<Uint8Array | null> {
    const all = [...this.#files].filter(([name]) => path === '.' || name === path || name.startsWith(`${path}/`));
    if (all.length === 0) return path === '.' ? packTar([]) : null;
    return packTar(all.map(([, { header, data }]) => (data.length > 0 ? { header, data } : { header })));
  }

  /** Paths of files and links below a directory. */
  list(under: string): readonly string[] {
    const files = [...this.#files].filter(([, { header }]) => header.type !== 'directory').map(([name]) => name);
    return under === '.' ? files : files.filter((name) => name === under || name.startsWith(`${under}/`));
  }

  write(name: string, text: string, mode = 0o644): void {
    const data = new TextEncoder().encode(text);
    this.#files.set(name, { header: { name, size: data.length, mode, type: 'file' }, data });
  }

  link(name: string, linkname: string): void {
    this.#files.set(name, { header: { name, linkname, size: 0, type: 'symlink' }, data: new Uint8Array(0) });
  }

  /** The text of a file; null when there is none. */
  read(name: string): string | null {
    const file = this.#files.get(name);
    return file === undefined ? null : new TextDecoder().decode(file.data);
  }
}
