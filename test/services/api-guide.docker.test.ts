// docs/api.md as a person would use it: a server, a worker, and its blocks in one shell from top to bottom.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backendRoutes, type Route, workerRoutes } from '@xx-pipeline/common/api';
import { RunningProgram } from '../rig/RunningProgram.ts';
import { ServiceProcesses } from './ServiceProcesses.ts';

const guide = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
const marker = '=====';

test('every example of the API guide works as it stands', async () => {
  assert(spawnSync('curl', ['--version']).status === 0, 'this test needs curl');
  const scratch = mkdtempSync(join(tmpdir(), 'xx-guide-'));
  await using services = new ServiceProcesses();
  try {
    const server = await services.startServer({ executor: 'docker' });
    const worker = services.start(
      [
        'worker',
        '--backend',
        server.url,
        '--listen',
        '127.0.0.1:0',
        '--slots',
        '2',
        '--token-file',
        services.path('server/worker-token'),
      ],
      { executor: 'docker' },
    );
    await worker.printed(/"registered with the backend"/);
    const address = /"worker started".*"url":"([^"]+)"/.exec(worker.stderr)?.[1];
    assert(address);
    const shell = new RunningProgram('sh', ['-euc', blocks.join(`\necho ${marker}\n`)], {
      cwd: scratch,
      env: { ...process.env, XX_HOME: services.home, WORKER: address },
    });
    const { code, stdout, stderr } = await shell.ended();
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const outputs = stdout.split(`${marker}\n`);
    const outputOf = (text: string) => outputs[blocks.findIndex((block) => block.includes(text))] ?? '';

    assert.match(outputOf('/api/version'), /"version":"\d/);
    assert.match(outputOf('/events"\napi "$XX/api/jobs/$JOB/status"'), /event: finished/);
    assert.match(outputOf('/events"\napi "$XX/api/jobs/$JOB/status"'), /"status":"SUCCESS"/);
    assert.match(outputOf('/events"\napi "$XX/api/jobs/$JOB/status"'), /^hello from [0-9a-f]+$/m);
    assert.match(outputOf('log/events'), /event: end/);
    assert.match(outputOf('/retry"'), /"pipeline":"by-hand"/);
    assert.match(outputOf('artifacts.tar.zst'), /^data$/m);
    assert(readdirSync(scratch).includes('artifacts.tar.zst'));
    assert.match(outputOf('6f1c8a52'), /"state":"accepted"/);
    assert.match(outputOf('handed-over'), /^handed over\n(?:.*\n)*done$/m);
    assert.match(outputOf('handed-over'), /"status":"SUCCESS"/);
    assert.match(outputOf('whole.json'), /"jobs":2/);
    assert.match(outputOf('whole.json'), /"status":"SUCCESS"/);
    assert.match(outputOf('thinking'), /thinking \.\.\. done/);

    // The example answer of an error is the real one.
    const shown = JSON.parse(/^```json\n(.*?)^```$/ms.exec(guide)?.[1] ?? '');
    assert.deepEqual(JSON.parse(outputOf('"moon"')), shown);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

test('the guide lists every operation and who may call it', () => {
  const letters = { public: '-', person: 'P', worker: 'W', job: 'J' };
  for (const route of [...Object.values<Route>(backendRoutes), ...Object.values<Route>(workerRoutes)]) {
    const access = route.access.map((one) => letters[one]).join(' ');
    const line = `| \`${route.method} ${route.path}\` | ${access} | ${route.summary} |`;
    assert(guide.includes(line), `docs/api.md lacks: ${line}`);
  }
});
