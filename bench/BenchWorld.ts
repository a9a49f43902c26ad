import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Measured } from './measure.ts';

const root = join(import.meta.dirname, '..');

/** Folders, environment and commands of a bench run; everything lies in one folder that is removed at the end. */
export class BenchWorld implements AsyncDisposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** How many containers run at once, on both sides of every comparison. */
  readonly width = availableParallelism() + 2;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { ...process.env, XX_HOME: join(folder, 'home'), NO_COLOR: '1', CI: 'true' };
  }

  static async make(): Promise<BenchWorld> {
    return new BenchWorld(await mkdtemp(join(tmpdir(), 'xx-bench-')));
  }

  /** A committed repository with these files. */
  async repository(name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const folder = join(this.folder, name);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'gc.auto=0', '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args], {
        cwd: folder,
      });
    };
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-q', '-m', 'bench');
    // gitlab-ci-local wants to know where a repository comes from.
    git('remote', 'add', 'origin', 'git@localhost:bench/bench.git');
    return folder;
  }

  xx(cwd: string, ...args: readonly string[]): Measured {
    return { name: `xx ${args.join(' ')}`, command: [join(root, 'xx'), ...args], cwd, env: this.env };
  }

  shell(name: string, script: string, cwd = this.folder): Measured {
    return { name, command: ['bash', '-c', script], cwd, env: this.env };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
