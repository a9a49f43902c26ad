// deploy/systemd: the units are valid, and what they start serves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ServiceProcesses } from './ServiceProcesses.ts';

const folder = join(import.meta.dirname, '../../deploy/systemd');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.service'))
  .toSorted();
const unit = (name: string) => readFileSync(join(folder, name), 'utf8');

/** The arguments behind /usr/bin/xx, as systemd would pass them. */
function argumentsOf(
  name: string,
  stateDirectory: string,
  options: string,
): { args: string[]; env: Record<string, string> } {
  const line = /^ExecStart=(.*)$/m.exec(unit(name))?.[1] ?? '';
  const words = line
    .replaceAll(/\$\{STATE_DIRECTORY\}/g, stateDirectory)
    .replaceAll(/ \$XX_\w+_OPTIONS/g, options === '' ? '' : ` ${options}`)
    .split(' ');
  assert(!words.some((word) => word.includes('$')), line);
  const program = words.indexOf('/usr/bin/xx');
  assert(program >= 0, line);
  const settings = words.slice(0, program).filter((word) => word.includes('='));
  return {
    args: words.slice(program + 1),
    env: Object.fromEntries(settings.map((word) => word.split('=') as [string, string])),
  };
}

test('there is a unit for every way to serve', () => {
  assert.deepEqual(names, ['xx-backend.service', 'xx-server.service', 'xx-worker.service']);
});

test('systemd finds nothing wrong with the units', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'xx-units-'));
  try {
    for (const name of names) {
      for (const line of unit(name).split('\n')) assert.match(line, /^($|#|\[\w+\]$|[A-Z]\w+=)/, `${name}: ${line}`);
      // It looks whether the program is there.
      writeFileSync(join(scratch, name), unit(name).replaceAll('/usr/bin/xx', process.execPath));
    }
    const found = spawnSync('systemd-analyze', ['verify', '--man=no', ...names.map((name) => join(scratch, name))]);
    // Machines without systemd cannot ask it; the lines were looked at above.
    if (found.error !== undefined) assert.equal((found.error as NodeJS.ErrnoException).code, 'ENOENT');
    else assert.deepEqual([found.status, found.stderr.toString()], [0, '']);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('the units of backend and worker start them, and they find each other', async () => {
  await using services = new ServiceProcesses();
  const state = services.path('xx-backend');
  const { args } = argumentsOf('xx-backend.service', state, '--listen 127.0.0.1:0');
  const backend = services.start(args);
  await backend.printed(/serves at http/);
  const url = /serves at (http:\S+?)"/.exec(backend.stderr)?.[1] ?? '';
  const created = await services
    .start(['backend', 'token', 'create', '--role', 'worker', '--state-directory', state])
    .ended();
  const worker = services.start(argumentsOf('xx-worker.service', services.path('xx-worker'), '--slots 1').args, {
    env: { XX_BACKEND: url, XX_WORKER_TOKEN: created.stdout.trim() },
  });
  await worker.printed(/"registered with the backend"/);
});

test('the unit of the server starts it', async () => {
  await using services = new ServiceProcesses();
  const { args, env } = argumentsOf('xx-server.service', services.path('state'), '--listen 127.0.0.1:0');
  assert.deepEqual(Object.keys(env), ['XX_HOME']);
  const server = services.start(args, { env });
  await server.printed(/"registered with the backend"/);
  assert.match(readFileSync(services.path('state/server.json'), 'utf8'), /xxp_/);
});
