// deploy/docker-compose.yml, as docs/deployment.md says to use it: built, started, used, killed and taken away again.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { listOwned } from '../rig/list-leftovers.ts';
import { RunningProgram } from '../rig/RunningProgram.ts';
import { testProgram } from '../rig/test-program.ts';
import { ComposeProject } from './ComposeProject.ts';
import { guideBlock } from './guide.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'deploy/docker-compose.yml'), 'utf8');

const pipeline = `
stages: [make, use]
default: { image: busybox:latest }
${['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `make-${name}: { stage: make, script: [sleep 1, echo ${name} >${name}.txt], artifacts: { paths: ['*.txt'] } }`).join('\n')}
use: { stage: use, script: ['cat *.txt readme'] }
`;
const long = `
long: { image: busybox:latest, script: ['echo it has begun', 'for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 1; done', 'echo it has ended'] }
`;

test('the compose file lets only this machine in, pins its images and has no secret on a command line', () => {
  const { services } = parse(text, { merge: true }) as {
    services: Record<string, { ports?: readonly string[]; image: string; command?: readonly string[] }>;
  };
  assert.deepEqual(Object.keys(services), ['database', 'backend', 'worker-1', 'worker-2']);
  for (const { ports = [], command = [] } of Object.values(services)) {
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
    for (const word of command) assert.doesNotMatch(word, /PASSWORD|TOKEN/);
  }
  assert.match(services['database']?.image ?? '', /:\d+\.\d+-\w+\}$/);
  const pin = /^node_pin=(.*)$/m.exec(readFileSync(join(root, 'scripts/set-up.sh'), 'utf8'))?.[1] ?? 'no pin';
  assert(text.includes(`node:${pin}-`), 'the image has the Node of ./xx');
  assert(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8').includes(`node:${pin}-`));
});

test('compose does what the guide says: two workers on PostgreSQL, killed without loss, saved and restored', async () => {
  using project = await ComposeProject.make();
  // Before the token comes what building says.
  const token = project.run(guideBlock('cp example.env')).trim().split('\n').at(-1) ?? '';
  assert.match(token, /^xxp_\S+$/);
  assert.equal(project.run('docker compose exec -T backend id -un'), 'node\n');

  const checkout = project.path('checkout');
  mkdirSync(checkout);
  writeFileSync(join(checkout, 'readme'), 'from the checkout\n');
  const env = { ...process.env, XX_HOME: project.path('home'), XX_SERVER: project.url, XX_TOKEN: token };
  const xx = (...args: string[]) =>
    new RunningProgram(process.execPath, [testProgram(), ...args], { cwd: checkout, env });
  writeFileSync(join(checkout, '.xx-pipeline.yml'), pipeline);
  const first = await xx('run').ended();
  assert.equal(first.code, 0, first.stdout + first.stderr);
  assert.match(first.stdout, /a\n.*b\n.*c\n.*d\n.*e\n.*f\n.*from the checkout/);
  const logs = ['worker-1', 'worker-2'].map((name) => project.run(`docker compose logs ${name}`));
  for (const log of logs) assert.match(log, /"job delivered"/);

  // Workers in containers of their own find the jobs' containers again.
  writeFileSync(join(checkout, '.xx-pipeline.yml'), long);
  const second = xx('run');
  await second.printed(/line 2/);
  project.run('docker compose kill worker-1 worker-2 backend; docker compose up -d');
  const { code, stdout, stderr } = await second.ended();
  assert.equal(code, 0, stdout + stderr);
  const lines = [...stdout.matchAll(/line (\d)$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(lines, [1, 2, 3, 4, 5, 6, 7, 8]);

  const owners = logs.map((log) => `xx-worker:${/"workerId":"([^"]+)"/.exec(log)?.[1]}`);
  project.run(guideBlock('pg_dump'));
  project.run('docker compose down --volumes');
  assert.deepEqual(project.leftovers(), []);
  assert.deepEqual(await listOwned((owner) => owners.includes(owner)), []);

  const key = readFileSync(project.path('deploy/secret.key'), 'utf8');
  project.run(guideBlock('pg_restore'));
  assert.equal(project.run('docker compose exec -T backend cat /var/lib/xx/backend/secret.key'), key);
  const again = await xx('logs', '1', 'use').ended();
  assert.match(again.stdout, /from the checkout/, again.stderr);
});
