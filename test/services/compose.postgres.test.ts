// deploy/docker-compose.yml: what its services start, started here over a real PostgreSQL, runs a pipeline.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/common/http';
import pg from 'pg';
import { parse } from 'yaml';
import { ServiceProcesses } from './ServiceProcesses.ts';

const file = join(import.meta.dirname, '../../deploy/docker-compose.yml');

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

const { services: described } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

/** `${NAME:?why}` and `${NAME:-else}` as compose fills them in. */
const fill = (text: string, values: Readonly<Record<string, string>>) =>
  text.replaceAll(/\$\{(\w+)(?::[?-][^}]*)?\}/g, (_, name: string) => values[name] ?? '');

test('compose itself finds nothing wrong with the file', () => {
  const env = { ...process.env, POSTGRES_PASSWORD: 'x' };
  // Machines without compose cannot ask it; the test below starts what the file says.
  if (spawnSync('docker', ['compose', 'version']).status === 0) {
    const { status, stderr } = spawnSync('docker', ['compose', '-f', file, 'config', '--quiet'], { env });
    assert.equal(status, 0, stderr.toString());
  }
  assert.deepEqual(Object.keys(described), ['database', 'backend', 'worker-1', 'worker-2']);
  for (const { ports = [] } of Object.values(described)) for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});

test('its backend and its two workers share the jobs of a pipeline over PostgreSQL', async () => {
  const server = process.env['XX_TEST_POSTGRES'];
  assert(server !== undefined, 'XX_TEST_POSTGRES must name a PostgreSQL server; the test command brings one');
  const name = `xx_compose_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client(server);
  await admin.connect();
  try {
    await admin.query(`create database ${name}`);
    await using services = new ServiceProcesses();
    const database = new URL(server);
    database.pathname = `/${name}`;
    // What compose's network and volumes do, done by other names.
    const here = (text: string) =>
      text
        .replace(/postgres:\/\/xx:.*@database\/xx/, database.href)
        .replace('0.0.0.0:8642', '127.0.0.1:0')
        .replace(/^\/var\/lib\//, `${services.home}/`);
    const start = (service: string, values: Readonly<Record<string, string>>) => {
      const { command = [], environment = {} } = described[service] ?? {};
      const env = Object.entries(environment).map(([key, value]) => [key, here(fill(value, values))]);
      return services.start(command.map(here), { env: { ...Object.fromEntries(env), ...values } });
    };

    const backend = start('backend', {});
    await backend.printed(/serves at http/);
    const url = /serves at (http:\S+?)"/.exec(backend.stderr)?.[1] ?? '';
    const create = async (role: string) => {
      const args = ['backend', 'token', 'create', '--role', role, '--state-directory', services.path('xx-backend')];
      const { stdout, stderr } = await services.start(args, { env: { XX_DATABASE: database.href } }).ended();
      assert.match(stdout, /^xx/, stderr);
      return stdout.trim();
    };
    const values = { XX_BACKEND: url, XX_WORKER_TOKEN: await create('worker') };
    const workers = ['worker-1', 'worker-2'].map((worker) => start(worker, values));
    for (const worker of workers) await worker.printed(/"registered with the backend"/);

    const transport = new NodeTransport({ baseUrl: url });
    const person = createApiClient(backendRoutes, { transport, token: await create('person') });
    const job = (index: number) => ({ name: `j${index}`, stage: 's', image: 'busybox:latest', script: ['sleep 1'] });
    const stages = [{ name: 's', jobs: Array.from({ length: 8 }, (_, index) => job(index)) }];
    const { body: run } = await person.createExecution({ body: { pipeline: 'p', plan: { schemaVersion: 1, stages } } });
    await Array.fromAsync((await person.followExecution({ params: { id: run.id } })).body);
    const { body: ended } = await person.getExecution({ params: { id: run.id } });
    transport.close();
    assert.equal(ended.status, 'SUCCESS', JSON.stringify(ended.jobs, null, 1));
    for (const worker of workers) assert.match(worker.stderr, /"job told"/);
  } finally {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  }
});
