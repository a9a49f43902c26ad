// deploy/nginx.conf: what people and workers do with a backend goes through it, streams and large bodies included.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, until } from '@xx-pipeline/testing';
import { RunningProgram } from '../rig/RunningProgram.ts';
import { ServiceProcesses } from './ServiceProcesses.ts';

const site = readFileSync(join(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8');

/** nginx with the site of deploy/, its port, backend and certificate replaced by those of the test. */
function startNginx(folder: string, port: number, backendPort: number): RunningProgram {
  mkdirSync(join(folder, 'temporary'), { recursive: true });
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=ci.example.org', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', ...subject];
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const here = site
    .replace('127.0.0.1:8642', `127.0.0.1:${backendPort}`)
    .replace('443 ssl', `127.0.0.1:${port} ssl`)
    .replace('/etc/xx-pipeline/cert.pem', cert)
    .replace('/etc/xx-pipeline/key.pem', key);
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = kinds.map((kind) => `${kind}_temp_path ${folder}/temporary/${kind};`).join(' ');
  const global = `daemon off; pid ${folder}/pid; error_log stderr warn; worker_processes 1; events {}`;
  writeFileSync(join(folder, 'nginx.conf'), `${global}\nhttp { access_log off; ${paths}\n${here}}\n`);
  const args = ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')];
  return new RunningProgram('nginx', args, { cwd: folder, env: process.env });
}

const pipeline = `
stages: [make, follow]
default: { image: busybox:latest }
make: { stage: make, script: [sha256sum large, cp large copy], artifacts: { paths: [copy] } }
follow: { stage: follow, script: [sha256sum copy, echo it has begun, sleep 6, echo it has ended] }
`;

test('people and workers reach a backend through nginx: sources, live logs, artifacts, its restart', async () => {
  await using services = new ServiceProcesses();
  const [port, backendPort] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const state = ['--state-directory', services.path('backend')];
  const startBackend = async () => {
    const backend = services.start(['backend', '--listen', `127.0.0.1:${backendPort}`, '--public-url', url, ...state]);
    await backend.printed(/serves at http/);
    return backend;
  };
  const backend = await startBackend();
  const nginx = startNginx(services.path('nginx'), port, backendPort);
  try {
    const ca = readFileSync(services.path('nginx/cert.pem'));
    const get = (path: string) =>
      new Promise<number | null>((resolve) => {
        const sent = request(`${url}${path}`, { ca }, (answer) => resolve(answer.resume().statusCode ?? null));
        sent.on('error', () => resolve(null)).end();
      });
    await until('nginx to answer', async () => (await get('/readyz')) === 200);
    const token = async (role: string) => {
      const { stdout } = await services.start(['backend', 'token', 'create', '--role', role, ...state]).ended();
      return stdout.trim();
    };
    const trust = { NODE_EXTRA_CA_CERTS: services.path('nginx/cert.pem') };
    const worker = services.start(['worker', '--slots', '2', '--state-directory', services.path('worker')], {
      executor: 'docker',
      env: { ...trust, XX_BACKEND: url, XX_WORKER_TOKEN: await token('worker') },
    });
    await worker.printed(/"registered with the backend"/);

    const checkout = services.path('checkout');
    mkdirSync(checkout);
    const large = randomBytes(8 * 1024 * 1024);
    writeFileSync(join(checkout, 'large'), large);
    writeFileSync(join(checkout, '.xx-pipeline.yml'), pipeline);
    const env = { ...trust, XX_SERVER: url, XX_TOKEN: await token('person') };
    const xx = (...args: string[]) => services.start(['-C', checkout, ...args], { env });
    const run = xx('run');
    await run.printed(/follow │ it has begun/);
    const follower = xx('logs', 'follow', '-f');
    await follower.printed(/^it has begun$/m);
    const { stdout: record } = await xx('status', '-o', 'json').ended();
    assert.equal((JSON.parse(record) as { status: string }).status, 'RUNNING', 'the log came while its job ran');

    await backend.kill();
    assert.equal(await get('/readyz'), 502);
    await startBackend();
    const [ran, followed] = [await run.ended(), await follower.ended()];
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    assert.equal(followed.code, 0, followed.stderr);
    assert.match(followed.stdout, /^it has begun\n(.*\n)*it has ended$/m);
    assert.equal(ran.stdout.split(createHash('sha256').update(large).digest('hex')).length, 3, ran.stdout);
  } finally {
    await nginx.kill();
  }
});
