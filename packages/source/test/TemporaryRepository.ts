import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type GitCall, RepositoryReader } from '../src/git/RepositoryReader.ts';

/** A git repository for one test, untouched by the settings of whoever runs it. */
export class TemporaryRepository implements Disposable {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'xx-source-')));
  readonly root = join(this.base, 'repo');
  readonly env = {
    PATH: process.env['PATH'],
    HOME: this.base,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Bob',
    GIT_COMMITTER_EMAIL: 'bob@example.com',
    GIT_COMMITTER_DATE: '2026-01-02T03:04:05+01:00',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  };

  constructor() {
    mkdirSync(this.root);
    this.git('init', '-q', '-b', 'main');
  }

  get call(): GitCall {
    return { cwd: this.root, env: this.env };
  }

  /** A new one for each use: a reader keeps the configuration it has read. */
  get reader(): RepositoryReader {
    return new RepositoryReader(this.call);
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim();
  }

  write(path: string, text = 'text\n'): void {
    const target = join(this.root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Commits everything; returns the hash. */
  commit(message = 'A change'): string {
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** Makes the current state the remote's default branch. */
  publish(): void {
    this.git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    this.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
