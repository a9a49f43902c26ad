import { createReadStream } from 'node:fs';
import { link, lstat, mkdir, open, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { artifactLimits, pathInside } from '@xx-pipeline/common';
import { readTar, type TarHeader } from '@xx-pipeline/common/tar';
import { CommandError } from '../../io/CommandIo.ts';
import { ExitCode } from '../../io/exit-codes.ts';

/** Options of unpacking. */
export interface UnpackOptions {
  /** Called for every entry that is left out, with the reason. */
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Unpacks an archive (tar, zstd) into a directory and returns the number of files. Archives are made by jobs, so they
 * are not trusted: nothing is written outside the directory, through a link, or as anything but plain files,
 * directories and links that stay inside.
 */
export async function unpackArchive(archive: string, directory: string, options: UnpackOptions): Promise<number> {
  const { signal } = options;
  await mkdir(directory, { recursive: true });
  const unpacker = new Unpacker(directory, options);
  const source = createReadStream(archive);
  const zstd = createZstdDecompress();
  const decompressing = pipeline(source, zstd, { signal });
  decompressing.catch(() => {});
  try {
    for await (const { header, body } of readTar(zstd, signal)) await unpacker.entry(header, body);
    await decompressing;
    return unpacker.files;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof CommandError || (code !== undefined && /^E[A-Z]+$/.test(code))) throw error;
    throw new CommandError(`the archive cannot be unpacked: ${message}`, ExitCode.machine);
  }
}

class Unpacker {
  files = 0;
  readonly #directory: string;
  readonly #options: UnpackOptions;
  /** Directories known to be real ones. */
  readonly #directories = new Set<string>(['']);
  readonly #written = new Set<string>();
  #bytes = 0;
  #entries = 0;

  constructor(directory: string, options: UnpackOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async entry(header: TarHeader, body: AsyncIterable<Uint8Array>): Promise<void> {
    this.#count(header);
    const path = pathInside(header.name);
    if (path === '') return;
    if (path === null) return this.#refuse(header.name, 'its path leads out of the directory');
    try {
      await this.#write(path, header, body);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error;
      this.#refuse(path, 'its name is too long for this file system');
    }
  }

  async #write(path: string, header: TarHeader, body: AsyncIterable<Uint8Array>): Promise<void> {
    const isDirectory = header.type === 'directory';
    const blocked = await this.#makeDirectories(isDirectory ? path : path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (blocked !== null) return this.#refuse(path, `it is behind ${blocked}, which is not a directory`);
    if (isDirectory) return;
    const absolute = join(this.#directory, path);
    if (await isRealDirectory(absolute)) return this.#refuse(path, 'there is a directory of this name');
    switch (header.type ?? 'file') {
      case 'file':
        // Never written into an existing file: that might be a link to somewhere else.
        await rm(absolute, { force: true });
        await writeNew(absolute, body, ((header.mode ?? 0) & 0o100) !== 0);
        this.#written.add(path);
        this.files++;
        return;
      case 'symlink':
        return await this.#symlink(path, absolute, header.linkname ?? '');
      case 'link':
        return await this.#hardLink(path, absolute, header.linkname ?? '');
      default:
        return this.#refuse(path, `it is a ${header.type}`);
    }
  }

  async #symlink(path: string, absolute: string, target: string): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/') + 1);
    const lands = target.startsWith('/') || target === '' ? null : pathInside(parent + target);
    // Behind another link `..` leads elsewhere than it seems: it may only stand in front.
    const forward = target.replace(/^(?:\.\.?\/+)*/, '');
    const turns = forward !== '..' && forward.split('/').includes('..');
    if (lands === null || turns) return this.#refuse(path, 'it links to something outside the directory');
    await rm(absolute, { force: true });
    await symlink(target, absolute);
    this.#written.delete(path);
    this.files++;
  }

  async #hardLink(path: string, absolute: string, linkname: string): Promise<void> {
    const target = pathInside(linkname);
    if (target === null || target === path || !this.#written.has(target)) {
      return this.#refuse(path, 'it links to a file outside the archive');
    }
    await rm(absolute, { force: true });
    await link(join(this.#directory, target), absolute);
    this.#written.add(path);
    this.files++;
  }

  /** Makes a directory and those above it. Returns the first of them that is something else, null if none is. */
  async #makeDirectories(path: string): Promise<string | null> {
    if (this.#directories.has(path)) return null;
    const above = await this.#makeDirectories(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (above !== null) return above;
    const absolute = join(this.#directory, path);
    await mkdir(absolute).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await isRealDirectory(absolute))) return path;
    this.#directories.add(path);
    return null;
  }

  #count({ size }: TarHeader): void {
    this.#bytes += size;
    this.#entries++;
    if (this.#bytes > artifactLimits.bytes || this.#entries > artifactLimits.files) {
      throw new CommandError('the archive is too large to unpack', ExitCode.machine, 'download it with --archives');
    }
  }

  #refuse(path: string, why: string): void {
    this.#options.warn(`leaving out ${JSON.stringify(path)}: ${why}`);
  }
}

async function writeNew(path: string, body: AsyncIterable<Uint8Array>, executable: boolean): Promise<void> {
  const file = await open(path, 'wx', executable ? 0o755 : 0o644);
  try {
    for await (const chunk of body) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

async function isRealDirectory(path: string): Promise<boolean> {
  return await lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
