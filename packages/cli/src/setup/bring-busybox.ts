import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { callEngine } from './engine-api.ts';
import { isDebianLike } from './machine-facts.ts';
import { lastLines, runProgram } from './run-program.ts';
import { SetupFailed, type SetupWorld } from './SetupCheck.ts';

const image = 'busybox:latest';

/** Brings the image busybox:latest: from a registry, or where none can be reached from the distribution's static busybox. */
export async function bringBusybox(world: SetupWorld): Promise<void> {
  world.say(`pulling ${image}`);
  const problem = await pull(world);
  world.signal.throwIfAborted();
  if (problem === null) return;
  const byHand = [
    'Bring it by hand, from a machine that has it:',
    '$ docker save busybox:latest | ssh THIS-MACHINE docker load',
  ];
  if (!isDebianLike(world)) throw new SetupFailed(`${image} cannot be pulled: ${problem}`, byHand);
  world.say(`no registry to pull from (${problem}): making ${image} from the distribution's package busybox-static`);
  const folder = await mkdtemp(join(tmpdir(), 'xx-busybox-'));
  try {
    await importRoot(await makeRoot(await unpackBusybox(folder, world), folder, world), world);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Null when the image is there; else why it cannot be pulled. Gives up where nothing moves for some seconds. */
async function pull(world: SetupWorld): Promise<string | null> {
  const idle = new AbortController();
  const watch = setTimeout(() => idle.abort(), 15_000);
  try {
    const answer = await callEngine(
      { env: world.env, signal: AbortSignal.any([world.signal, idle.signal]) },
      { method: 'POST', path: '/images/create?fromImage=busybox&tag=latest', deadline: 300_000 },
    );
    if (answer.kind === 'no-answer') return idle.signal.aborted ? 'the registry does not answer' : answer.message;
    if (answer.status !== 200) return shorten(await text(answer.body));
    for await (const line of createInterface(answer.body)) {
      watch.refresh();
      const { error } = JSON.parse(line) as { error?: string };
      if (error !== undefined) return shorten(error);
    }
    return null;
  } catch (error) {
    return idle.signal.aborted ? 'the registry does not answer' : String(error);
  } finally {
    clearTimeout(watch);
  }
}

/** The engine's long error about a registry, cut to its reason. */
function shorten(error: string): string {
  const message = /^\s*\{/.test(error) ? String((JSON.parse(error) as { message?: string }).message) : error;
  return (message.split(': ').at(-1) ?? message).trim().slice(0, 200);
}

/** Fetches the package without installing it; needs no root. Returns the static program. */
async function unpackBusybox(folder: string, world: SetupWorld): Promise<string> {
  const options = ['-q', '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=2'];
  let fetched = await runProgram('apt-get', [...options, 'download', 'busybox-static'], world, { cwd: folder });
  if (fetched.code !== 0 && process.getuid?.() === 0) {
    await runProgram('apt-get', [...options, 'update'], world);
    fetched = await runProgram('apt-get', [...options, 'download', 'busybox-static'], world, { cwd: folder });
  }
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (fetched.code !== 0 || archive === undefined) {
    throw new SetupFailed(`${image} cannot be made: the package busybox-static cannot be fetched`, [
      ...lastLines(fetched.output, 3).map((line) => `| ${line}`),
      'Is a mirror of the distribution reachable from here? As root:',
      '$ apt-get update',
    ]);
  }
  const unpacked = join(folder, 'package');
  const result = await runProgram('dpkg-deb', ['-x', archive, unpacked], world, { cwd: folder });
  if (result.code !== 0) throw new SetupFailed(`busybox-static cannot be unpacked: ${result.output.trim()}`);
  for (const place of ['bin/busybox', 'usr/bin/busybox']) {
    if (existsSync(join(unpacked, place))) return join(unpacked, place);
  }
  throw new SetupFailed('the package busybox-static has no busybox in it');
}

/** A root directory with the program and a link for each of its commands. */
async function makeRoot(program: string, folder: string, world: SetupWorld): Promise<string> {
  const root = join(folder, 'root');
  for (const place of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'var/tmp']) {
    await mkdir(join(root, place), { recursive: true });
  }
  await copyFile(program, join(root, 'bin/busybox'));
  const list = await runProgram(program, ['--list-full'], world, { deadline: 10_000 });
  for (const path of list.output.split('\n')) {
    if (path === '' || path === 'bin/busybox') continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(relative(dirname(join(root, path)), join(root, 'bin/busybox')), join(root, path));
  }
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  return root;
}

async function importRoot(root: string, world: SetupWorld): Promise<void> {
  const tar = spawn('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX', '-c', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: world.signal,
  });
  tar.once('error', () => tar.stdout.destroy());
  const query = new URLSearchParams({
    fromSrc: '-',
    repo: 'busybox',
    tag: 'latest',
    message: 'made from busybox-static',
  });
  query.append('changes', 'CMD ["sh"]');
  query.append('changes', 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  const answer = await callEngine(world, {
    method: 'POST',
    path: `/images/create?${query}`,
    body: tar.stdout,
    deadline: 120_000,
  });
  const reply = answer.kind === 'answer' ? await text(answer.body) : answer.message;
  if (answer.kind !== 'answer' || answer.status !== 200 || reply.includes('"error"')) {
    throw new SetupFailed(`the engine did not take the image ${image}: ${shorten(reply)}`);
  }
}
