import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@xx-pipeline/testing';
import { buildNodeImage, buildPostgresImage } from './machine-images.ts';

const root = join(import.meta.dirname, '../..');

/** deploy/docker-compose.yml in a copy of what it needs of the checkout, under names that nothing else has. */
export class ComposeProject implements Disposable {
  readonly directory: string;
  readonly name: string;
  readonly #compose: readonly string[];
  readonly #images: readonly string[];
  url = '';

  private constructor(name: string, compose: readonly string[]) {
    this.name = name;
    this.#compose = compose;
    this.#images = ['node', 'postgres', 'xx'].map((image) => `${name}-${image}`);
    this.directory = mkdtempSync(join(tmpdir(), 'xx-compose-'));
  }

  /** Builds the package and the images; nothing runs yet. */
  static async make(): Promise<ComposeProject> {
    const project = new ComposeProject(`xxtest${randomBytes(5).toString('hex')}`, findCompose());
    try {
      await project.#prepare();
      return project;
    } catch (error) {
      project[Symbol.dispose]();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const [node = '', postgres = '', xx = ''] = this.#images;
    cpSync(join(root, 'deploy'), this.path('deploy'), { recursive: true });
    rmSync(this.path('deploy/.env'), { force: true });
    const built = ['scripts/build.ts', '--into', this.path('dist')];
    execFileSync(process.execPath, built, { cwd: root, stdio: 'pipe' });
    buildNodeImage(node);
    buildPostgresImage(postgres);
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.#set('COMPOSE_PROJECT_NAME', this.name);
    this.#set('XX_PORT', String(port));
    this.#set('XX_WORKER_HOME', this.path('workers'));
    this.#set('XX_IMAGE', xx);
    this.#set('NODE_IMAGE', node);
    this.#set('POSTGRES_IMAGE', postgres);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Fills in a line of example.env, which becomes .env. */
  #set(name: string, value: string): void {
    const file = this.path('deploy/example.env');
    const before = readFileSync(file, 'utf8');
    assert.match(before, new RegExp(`^#?${name}=`, 'm'));
    writeFileSync(file, before.replace(new RegExp(`^#?${name}=.*$`, 'm'), `${name}=${value}`));
  }

  /** Runs lines of a shell in deploy/, as the documentation has them, and gives what they printed. */
  run(lines: string): string {
    const dockerHere = `docker() { [ "$1" != compose ] || { shift; command ${this.#compose.join(' ')} "$@"; return; }; command docker "$@"; }`;
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', `${dockerHere}\n${lines}`], {
      cwd: this.path('deploy'),
      encoding: 'utf8',
      env: { ...process.env, COMPOSE_HTTP_TIMEOUT: '120' },
    });
    if (status !== 0) throw new Error(`${lines}\nended with ${status}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** What the engine still has of this project. */
  leftovers(): readonly string[] {
    const filter = `label=com.docker.compose.project=${this.name}`;
    const lists = [
      ['ps', '-aq'],
      ['volume', 'ls', '-q'],
      ['network', 'ls', '-q'],
    ];
    return lists.flatMap((list) =>
      docker(...list, '--filter', filter)
        .split('\n')
        .filter(Boolean),
    );
  }

  [Symbol.dispose](): void {
    const [program = '', ...words] = [...this.#compose, 'down', '--volumes', '--timeout', '5'];
    spawnSync(program, words, { cwd: this.path('deploy') });
    // Workers and jobs are root.
    const remove = ['--rm', '--volume', `${this.directory}:/mine`, 'busybox:latest', 'rm', '-rf', '/mine/workers'];
    spawnSync('docker', ['run', ...remove]);
    spawnSync('docker', ['image', 'rm', '--force', ...this.#images]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const docker = (...args: readonly string[]) => execFileSync('docker', args, { encoding: 'utf8' });

/** Compose as a part of docker, or as the program of its own that distributions have. */
function findCompose(): readonly string[] {
  const found = [['docker', 'compose'], ['docker-compose']].find(
    ([program = '', ...words]) => spawnSync(program, [...words, 'version']).status === 0,
  );
  assert(found !== undefined, 'this test needs compose: apt-get install --no-install-recommends docker-compose');
  return found;
}
