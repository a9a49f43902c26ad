import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, opendir, readlink, symlink, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ExecutionBroken } from '../../errors.ts';

/** Bounds of a copy: what is beyond them is no working tree that anyone wants copied for each job. */
export interface CopyLimits {
  readonly entries: number;
  readonly bytes: number;
}

const standardLimits: CopyLimits = { entries: 2_000_000, bytes: 50 * 2 ** 30 };
const inFlight = 16;

/**
 * Copies a directory tree: files (sharing their blocks where the file system can), links as links, modes and times of
 * files. Sockets, pipes and devices are left out, and so is `except`, an absolute path that may lie inside.
 */
export async function copyTree(
  from: string,
  to: string,
  options: { signal: AbortSignal; except?: string; limits?: CopyLimits },
): Promise<void> {
  const limits = options.limits ?? standardLimits;
  const except = options.except === undefined ? null : resolve(options.except);
  const directories: { from: string; to: string; mode: number }[] = [];
  const running = new Set<Promise<void>>();
  let entries = 0;
  let bytes = 0;
  let failed: { error: unknown } | null = null;

  const copyOne = async (source: string, target: string) => {
    const stat = await lstat(source);
    if (stat.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (stat.isFile()) {
      bytes += stat.size;
      if (bytes > limits.bytes) throw tooBig(from);
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await utimes(target, stat.atime, stat.mtime);
    }
  };
  const start = async (work: Promise<void>) => {
    const tracked: Promise<void> = work
      .catch((error: unknown) => {
        // A file that went away while the tree is read was not there.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') failed ??= { error };
      })
      .finally(() => running.delete(tracked));
    running.add(tracked);
    if (running.size >= inFlight) await Promise.race(running);
  };
  const walk = async (source: string, target: string) => {
    await mkdir(target, { recursive: true });
    directories.push({ from: source, to: target, mode: (await lstat(source)).mode & 0o7777 });
    for await (const entry of await opendir(source, { bufferSize: 256 })) {
      options.signal.throwIfAborted();
      if (failed !== null) return;
      entries += 1;
      if (entries > limits.entries) throw tooBig(from);
      const path = join(source, entry.name);
      if (path === except) continue;
      if (entry.isDirectory()) await walk(path, join(target, entry.name));
      else await start(copyOne(path, join(target, entry.name)));
    }
  };
  try {
    await walk(from, to);
  } finally {
    await Promise.all(running);
  }
  if (failed !== null) throw (failed as { error: unknown }).error;
  // Last, so that a directory without write permission can be filled first.
  for (const directory of directories.reverse()) await chmod(directory.to, directory.mode);
}

const tooBig = (path: string) =>
  new ExecutionBroken(`the working tree ${path} is too big to be copied for each job`, {
    help: 'leave out what jobs do not need, or use --workspace shared',
  });
