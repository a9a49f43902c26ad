import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { engineAnswers } from './engine-api.ts';
import { findProgram, hasSystemd } from './machine-facts.ts';
import { mountCgroups } from './mount-cgroups.ts';
import { lastLines, runProgram } from './run-program.ts';
import { SetupFailed, type SetupWorld } from './SetupCheck.ts';

const logFile = '/var/log/xx-dockerd.log';
/** The engine to be started, whatever settings name another one. */
const standardSocket = { DOCKER_HOST: 'unix:///var/run/docker.sock' };

/** Starts the installed Docker engine, as root, and waits until it answers. */
export async function startEngine(world: SetupWorld): Promise<void> {
  // The package's own start script may be at it.
  if (await waitForEngine(world, 1000)) return;
  if (hasSystemd()) {
    world.say('starting docker.service');
    const started = await runProgram('systemctl', ['start', 'docker'], world, { deadline: 120_000 });
    if (started.code === 0 && (await waitForEngine(world, 30_000))) return;
    throw new SetupFailed('docker.service does not start', [
      ...lastLines(started.output).map((line) => `| ${line}`),
      'Its log says why:',
      '$ journalctl -u docker.service -n 50',
    ]);
  }
  await mountCgroups(world);
  await startByHand(world);
}

/** What a kernel may lack, recognised by the engine's words, and the start that does without it. */
interface Fallback {
  readonly when: RegExp;
  readonly why: string;
  readonly args?: readonly string[];
  readonly legacyIptables?: true;
}

const fallbacks: readonly Fallback[] = [
  {
    when: /iptables[^\n]*(?:nf_tables|nft|incompatible|not supported|Failed to initialize)|Failed to initialize nft/i,
    why: 'the kernel has no nf_tables: using iptables-legacy',
    legacyIptables: true,
  },
  {
    when: /driver not supported|failed to mount overlay|overlay2?[^\n]*(?:not supported|invalid argument)|error initializing graphdriver/i,
    why: 'the storage cannot carry overlay layers: using vfs, which copies (slow)',
    args: ['--storage-driver=vfs'],
  },
];

async function startByHand(world: SetupWorld): Promise<void> {
  const args: string[] = [];
  let path = world.env['PATH'] ?? '';
  const left = [...fallbacks];
  for (;;) {
    world.say(`starting dockerd (no systemd here); its log is ${logFile}`);
    const end = await launch(args, path, world);
    if (end === 'answers') return;
    world.signal.throwIfAborted();
    const index = left.findIndex(({ when }) => when.test(end));
    const [fallback] = index < 0 ? [] : left.splice(index, 1);
    if (fallback === undefined) {
      throw new SetupFailed('dockerd does not start', [
        ...lastLines(end).map((line) => `| ${line.slice(0, 300)}`),
        `All it said: ${logFile}`,
      ]);
    }
    world.say(fallback.why);
    args.push(...(fallback.args ?? []));
    if (fallback.legacyIptables) path = `${legacyIptables(world)}:${path}`;
  }
}

/** One try: `answers`, or what the engine wrote before it gave up. */
async function launch(args: readonly string[], path: string, world: SetupWorld): Promise<'answers' | string> {
  const log = openSync(logFile, 'w');
  const dockerd = findProgram(world, 'dockerd') ?? 'dockerd';
  // A session of its own and no pipe to us: it lives on when this process ends.
  const child = spawn(dockerd, args, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { ...world.env, DOCKER_HOST: undefined, PATH: `${path}:/usr/local/sbin:/usr/sbin:/sbin` },
  });
  closeSync(log);
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  child.unref();
  if (await waitForEngine(world, 60_000, ended.signal)) return 'answers';
  if (!ended.signal.aborted) child.kill('SIGTERM');
  return readFileSync(logFile, 'utf8');
}

async function waitForEngine(world: SetupWorld, milliseconds: number, gaveUp?: AbortSignal): Promise<boolean> {
  const local = { env: { ...world.env, ...standardSocket }, signal: world.signal };
  for (const end = Date.now() + milliseconds; ; ) {
    if (await engineAnswers(local)) return true;
    if (gaveUp?.aborted || world.signal.aborted || Date.now() > end) return false;
    await delay(100);
  }
}

/** A folder in which `iptables` means the old interface; nothing of the system's own configuration changes. */
function legacyIptables(world: SetupWorld): string {
  const folder = '/run/xx-dockerd/bin';
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  for (const name of ['iptables', 'ip6tables']) {
    const legacy = findProgram(world, `${name}-legacy`);
    if (legacy !== null && existsSync(legacy)) symlinkSync(legacy, join(folder, name));
  }
  return folder;
}
