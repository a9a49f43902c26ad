import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { SourceRequest } from '@xx-pipeline/common';
import { workspacePath } from '../../JobExecutor.ts';
import { copyTree } from './copy-tree.ts';
import { listFilesBelow } from './list-files.ts';
import type { Workspace, WorkspaceMethod } from './Workspace.ts';

/** What workspaces are made from. */
export interface WorkspaceOptions {
  /** The directory of this machine that a tree's key stands for. */
  readonly trees: (key: string) => string;
  /** Where workspaces are made: a directory of this process alone. */
  readonly directory: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Makes the workspaces of jobs, each in the way it is told to. */
export class WorkspaceMaker {
  readonly #options: WorkspaceOptions;
  #emptyTree: Promise<string> | null = null;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
  }

  /** Why a way cannot be taken for a source, as far as paths tell; null if it may be tried. */
  obstacle(way: WorkspaceMethod, source: SourceRequest): string | null {
    if (way !== 'overlay') return null;
    const { directory } = this.#options;
    const tree = source.kind === 'tree' ? resolve(this.#options.trees(source.key)) : null;
    // Commas separate the mount's options and colons its layers; and no layer may hold the one above it.
    const odd = [directory, ...(tree === null ? [] : [tree])].find((path) => /[:,\\]/.test(path));
    if (odd !== undefined) return `${odd} has a comma, colon or backslash in it`;
    if (tree !== null && isInside(directory, tree)) return `the checkout ${tree} holds the state directory (XX_HOME)`;
    return null;
  }

  /** Makes a workspace. An aborted signal stops it and removes what was made. */
  async make(way: WorkspaceMethod, source: SourceRequest, signal: AbortSignal): Promise<Workspace> {
    switch (way) {
      case 'overlay':
        return await this.#overlay(source.kind === 'tree' ? resolve(this.#options.trees(source.key)) : null);
      case 'copy':
        return await this.#copy(source, signal);
      case 'upload':
        return this.#upload(source);
      case 'shared':
        if (source.kind === 'empty') return this.#upload(source);
        return shared(resolve(this.#options.trees(source.key)));
    }
  }

  /** A workspace that an earlier process has made; null = nothing of it is on this machine. */
  adopt(way: WorkspaceMethod, source: SourceRequest, own: string | null): Workspace {
    const tree = source.kind === 'tree' ? resolve(this.#options.trees(source.key)) : null;
    switch (way) {
      case 'overlay':
        return {
          ...kept(way, own),
          list: (under) => listLayers(own === null ? [] : layers(join(own, 'upper'), tree), under),
        };
      case 'copy':
        return { ...kept(way, own), list: (under) => listLayers(own === null ? [] : [join(own, 'files')], under) };
      case 'upload':
        return this.#upload({ kind: 'empty' });
      case 'shared':
        return tree === null ? this.#upload({ kind: 'empty' }) : shared(tree);
    }
  }

  async #overlay(tree: string | null): Promise<Workspace> {
    const own = this.#newDirectory();
    const upper = join(own, 'upper');
    const work = join(own, 'work');
    const [lower] = await Promise.all([tree ?? this.#empty(), makeOpen(upper), mkdir(work, { recursive: true })]);
    // No redirects: a directory that a job renames is then copied, so that the upper layer holds all names it wrote.
    const o = `lowerdir=${lower},upperdir=${upper},workdir=${work},redirect_dir=off`;
    return {
      way: 'overlay',
      mount: {
        Type: 'volume',
        Target: workspacePath,
        VolumeOptions: {
          NoCopy: true,
          Labels: this.#options.labels,
          DriverConfig: { Name: 'local', Options: { type: 'overlay', device: 'overlay', o } },
        },
      },
      tar: () => null,
      list: (under) => listLayers(layers(upper, tree), under),
      remove: () => removeDirectory(own),
      leftover: own,
    };
  }

  async #copy(source: SourceRequest, signal: AbortSignal): Promise<Workspace> {
    const own = this.#newDirectory();
    const files = join(own, 'files');
    try {
      if (source.kind === 'tree') {
        await copyTree(resolve(this.#options.trees(source.key)), files, { signal, except: this.#options.directory });
      }
      // Last, since the copy has the mode of the tree.
      await makeOpen(files);
    } catch (error) {
      await removeDirectory(own);
      throw error;
    }
    return {
      way: 'copy',
      mount: { Type: 'bind', Source: files, Target: workspacePath },
      tar: () => null,
      list: (under) => listLayers([files], under),
      remove: () => removeDirectory(own),
      leftover: own,
    };
  }

  #upload(source: SourceRequest): Workspace {
    return {
      way: 'upload',
      mount: null,
      tar: () =>
        source.kind === 'tree' ? packTree(resolve(this.#options.trees(source.key)), this.#options.directory) : null,
      list: async () => null,
      remove: async () => true,
      leftover: null,
    };
  }

  #newDirectory(): string {
    return join(this.#options.directory, randomBytes(6).toString('hex'));
  }

  #empty(): Promise<string> {
    this.#emptyTree ??= (async () => {
      const path = join(this.#options.directory, 'empty');
      await mkdir(path, { recursive: true });
      return path;
    })();
    return this.#emptyTree;
  }
}

const layers = (upper: string, tree: string | null): string[] => (tree === null ? [upper] : [upper, tree]);

function kept(way: WorkspaceMethod, own: string | null): Omit<Workspace, 'list'> {
  return {
    way,
    mount: null,
    tar: () => null,
    remove: async () => own === null || (await removeDirectory(own)),
    leftover: own,
  };
}

function shared(tree: string): Workspace {
  return {
    way: 'shared',
    mount: { Type: 'bind', Source: tree, Target: workspacePath },
    tar: () => null,
    list: (under) => listLayers([tree], under),
    remove: async () => true,
    leftover: null,
  };
}

/** Makes a directory that whatever user an image has may write into. */
async function makeOpen(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
}

async function removeDirectory(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 2 });
    return true;
  } catch {
    return false;
  }
}

const isInside = (path: string, directory: string): boolean => {
  const way = relative(directory, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

/** Names in any of the layers; null when the way there leads over a link, which only the container may follow. */
async function listLayers(layers: readonly string[], under: string): Promise<readonly string[] | null> {
  const names = new Set<string>();
  for (const layer of layers) {
    if (await leadsOverLink(layer, under)) return null;
    try {
      for (const name of await listFilesBelow(layer, under)) names.add(name);
    } catch (error) {
      // The job's user has closed a directory to us; the engine can still read it.
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return null;
      throw error;
    }
  }
  return [...names];
}

async function leadsOverLink(root: string, under: string): Promise<boolean> {
  let path = root;
  for (const part of under.split('/')) {
    if (part === '..') return true;
    path = join(path, part);
    const stat = await lstat(path).catch(() => null);
    if (stat === null) return false;
    if (stat.isSymbolicLink()) return true;
  }
  return false;
}

async function* packTree(tree: string, except: string): AsyncGenerator<Uint8Array> {
  // Loaded only here: engines on other machines are the exception, and loading takes time.
  const { packTar } = await import('modern-tar/fs');
  yield* packTar(tree, { filter: (path) => resolve(path) !== resolve(except) });
}
