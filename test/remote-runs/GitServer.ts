import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '@xx-pipeline/testing';
import { RunningProgram } from '../rig/RunningProgram.ts';

/** git's own server on the loopback address, for all repositories below a directory. */
export class GitServer implements AsyncDisposable {
  readonly #program: RunningProgram;
  readonly #port: number;

  private constructor(program: RunningProgram, port: number) {
    this.#program = program;
    this.#port = port;
  }

  static async start(directory: string): Promise<GitServer> {
    const port = await freePort();
    const daemon = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-daemon');
    const args = ['--verbose', '--reuseaddr', '--export-all', '--listen=127.0.0.1', `--port=${port}`];
    const program = new RunningProgram(daemon, [...args, `--base-path=${directory}`, directory], {
      cwd: directory,
      env: process.env,
    });
    await program.printed(/Ready to rumble/);
    return new GitServer(program, port);
  }

  /** The address of a repository. */
  url(name: string): string {
    return `git://127.0.0.1:${this.#port}/${name}`;
  }

  /** How often somebody has fetched. */
  get fetches(): number {
    return this.#program.stderr.match(/Request upload-pack/g)?.length ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill();
  }
}
