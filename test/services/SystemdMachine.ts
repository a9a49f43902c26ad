import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@xx-pipeline/testing';
import { buildSystemdImage } from './machine-images.ts';

const root = join(import.meta.dirname, '../..');

/** A container that is a machine: systemd as its first process, `xx` installed, the Docker engine of this machine. */
export class SystemdMachine implements Disposable {
  readonly #name = `xxtest${randomBytes(5).toString('hex')}`;

  static async start(): Promise<SystemdMachine> {
    const machine = new SystemdMachine();
    try {
      await machine.#start();
      return machine;
    } catch (error) {
      machine[Symbol.dispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const dist = mkdtempSync(join(tmpdir(), 'xx-dist-'));
    try {
      execFileSync(process.execPath, ['scripts/build.ts', '--into', dist], { cwd: root, stdio: 'pipe' });
      buildSystemdImage(this.#name, dist);
    } finally {
      rmSync(dist, { recursive: true, force: true });
    }
    // What systemd needs to make name spaces and control groups of its own; not all of --privileged.
    const rights = ['--cap-add=SYS_ADMIN', '--security-opt=seccomp=unconfined', '--security-opt=apparmor=unconfined'];
    const mounts = [
      '--tmpfs=/run',
      '--volume=/sys/fs/cgroup:/sys/fs/cgroup',
      '--volume=/var/run/docker.sock:/run/docker.sock',
    ];
    const options = [
      '--detach',
      '--network=none',
      '--name',
      this.#name,
      '--cgroupns=host',
      '--env=container=docker',
      ...rights,
      ...mounts,
    ];
    execFileSync('docker', ['run', ...options, this.#name], { stdio: 'pipe' });
    await until('systemd to have started', () => this.try('systemctl', 'is-system-running').stdout === 'running\n');
  }

  /** Puts a file of this machine there. */
  copy(from: string, to: string): void {
    execFileSync('docker', ['cp', from, `${this.#name}:${to}`], { stdio: 'pipe' });
  }

  /** Runs a shell's lines there as root and gives what they printed; throws when they fail. */
  run(lines: string): string {
    const { status, stdout, stderr } = this.try('shell', '-euc', lines);
    if (status !== 0) throw new Error(`${lines}\nended with ${status}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Runs a program there, whatever comes of it. */
  try(...command: readonly string[]) {
    return spawnSync('docker', ['exec', this.#name, ...command], { encoding: 'utf8', timeout: 60_000 });
  }

  [Symbol.dispose](): void {
    spawnSync('docker', ['rm', '--force', '--volumes', this.#name]);
    spawnSync('docker', ['image', 'rm', '--force', this.#name]);
  }
}
