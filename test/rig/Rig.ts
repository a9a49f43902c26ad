import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JobReport, Report } from '@xx-pipeline/common';
import { listLeftovers } from './list-leftovers.ts';
import { type Finished, RunningProgram } from './RunningProgram.ts';
import { testProgram } from './test-program.ts';

/** How to start the command line in a test. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A repository, a home and an environment of their own, and the command line as a real process in them.
 * When it is disposed it ends what still runs and fails if anything of its processes is left in Docker.
 */
export class Rig implements AsyncDisposable {
  readonly #base: string;
  readonly #programs: RunningProgram[] = [];
  /** A test that kills the command line with KILL says so: what that leaves is the next run's to remove. */
  mayLeaveContainers = false;

  private constructor(base: string) {
    this.#base = base;
  }

  /** Makes a rig with these files, committed once on the branch main. */
  static async make(files: Readonly<Record<string, string>> = {}): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'xx-rig-')));
    await mkdir(rig.repository);
    await mkdir(rig.home);
    await rig.write(files);
    rig.commit();
    return rig;
  }

  /** Makes a rig whose repository is a copy of a folder. */
  static async copyOf(folder: string): Promise<Rig> {
    const rig = await Rig.make();
    await cp(folder, rig.repository, { recursive: true });
    rig.commit();
    return rig;
  }

  /** Where the state goes: `XX_HOME`. */
  get home(): string {
    return join(this.#base, 'home');
  }

  get repository(): string {
    return join(this.#base, 'repository');
  }

  get environment(): Record<string, string> {
    const { PATH = '', DOCKER_HOST } = process.env;
    return {
      PATH,
      HOME: this.#base,
      XX_HOME: this.home,
      TMPDIR: this.#base,
      LANG: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@localhost',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@localhost',
      ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
    };
  }

  /** Writes files into the repository; names ending in `.sh` become executable. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.repository, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      if (path.endsWith('.sh')) await chmod(file, 0o755);
    }
  }

  /** Runs git in the repository. */
  git(...args: readonly string[]): string {
    return execFileSync('git', [...args], { cwd: this.repository, env: this.environment, encoding: 'utf8' });
  }

  /** Commits everything; the first time it makes the repository. */
  commit(message = 'A change'): void {
    if (!existsSync(join(this.repository, '.git'))) this.git('init', '-q', '-b', 'main');
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
  }

  /** Starts the command line. */
  start(args: readonly string[], options: StartOptions = {}): RunningProgram {
    const program = new RunningProgram(process.execPath, [testProgram(), ...args], {
      cwd: options.cwd ?? this.repository,
      env: { ...this.environment, ...options.env },
    });
    this.#programs.push(program);
    return program;
  }

  /** Runs the command line to its end. */
  xx(...args: readonly string[]): Promise<Finished> {
    return this.start(args).ended();
  }

  /** Runs the command line and fails unless it ends with `code`. */
  async expect(code: number, ...args: readonly string[]): Promise<Finished> {
    const result = await this.xx(...args);
    assert.equal(result.code, code, `xx ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  /** All reports in the home, oldest first, each with its directory. */
  async reports(): Promise<readonly { readonly directory: string; readonly report: Report }[]> {
    const root = join(this.home, 'reports');
    const files = await readdir(root, { recursive: true }).catch(() => []);
    const reports = await Promise.all(
      files
        .filter((path) => path.endsWith('/report.json'))
        .map(async (path) => ({
          directory: dirname(join(root, path)),
          report: JSON.parse(await readFile(join(root, path), 'utf8')) as Report,
        })),
    );
    return reports.toSorted((a, b) => a.report.createdAt.localeCompare(b.report.createdAt));
  }

  /** The newest report. */
  async report(): Promise<Report> {
    const last = (await this.reports()).at(-1);
    assert.ok(last, 'there is no report');
    return last.report;
  }

  /** The log of a job's last attempt in the newest report. */
  async log(jobName: string): Promise<string> {
    const last = (await this.reports()).at(-1);
    assert.ok(last, 'there is no report');
    const job = jobOf(last.report, jobName);
    assert.ok(job.log, `${jobName} has no log`);
    return await readFile(join(last.directory, job.log), 'utf8');
  }

  /** What the command lines started here have left in Docker. */
  leftovers(): Promise<readonly string[]> {
    return listLeftovers(this.#programs.flatMap(({ pid }) => (pid === undefined ? [] : [pid])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.kill();
    const left = await this.leftovers();
    await rm(this.#base, { recursive: true, force: true, maxRetries: 3 });
    if (!this.mayLeaveContainers) assert.deepEqual(left, [], 'left behind in Docker');
  }
}

/** The job of a report by its name. */
export function jobOf(report: Report, name: string): JobReport {
  const job = report.stages.flatMap((stage) => stage.jobs).find((each) => each.name === name);
  assert.ok(job, `no job ${name} in the report`);
  return job;
}
