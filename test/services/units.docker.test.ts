// deploy/systemd under a real systemd, with all it takes away from the services, set up as docs/deployment.md says.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { guideBlock } from './guide.ts';
import { SystemdMachine } from './SystemdMachine.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const tokenLines = guideBlock('setpriv');

test('systemd runs backend, worker and server as their units say, brings them back and stops them cleanly', async () => {
  using machine = await SystemdMachine.start();
  const inCheckout = (lines: string) => machine.run(`cd /root/xx\n${lines}`);
  machine.run('mkdir /root/xx');
  machine.copy(deploy, '/root/xx/deploy');
  // The image has it installed.
  inCheckout(guideBlock('npm install').replace(/^npm install .*$/m, ''));

  const journal = (unit: string) => machine.run(`journalctl -q -o cat -u ${unit}`);
  const printed = async (unit: string, text: string, times = 1) => {
    const look = () => journal(unit).split(text).length > times;
    await until(`${unit} to say ${text}`, look, 30_000, 200).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${journal(unit)}`);
    });
  };
  // Left out, as the guide allows: then it is SQLite.
  inCheckout(guideBlock('xx-backend.service').replace(/^XX_DATABASE=.*\n/m, ''));
  await printed('xx-backend', 'serves at http');
  const workerToken = inCheckout(tokenLines).trim();
  const worker = guideBlock('xx-worker.service').replace('https://ci.example.org', 'http://127.0.0.1:8642');
  inCheckout(worker.replace('xxw_…', workerToken));
  await printed('xx-worker', 'registered with the backend');
  assert.equal(machine.run('stat -c %a /etc/xx-pipeline/worker.env'), '600\n');

  const token = inCheckout(tokenLines.replace('--role worker --name build-1', '--role person --name ada')).trim();
  machine.run(`mkdir /root/checkout && cd /root/checkout && echo from the checkout >readme
    echo 'job: {image: "busybox:latest", tags: [large], script: [cat readme]}' >.xx-pipeline.yml`);
  const run = `cd /root/checkout; XX_SERVER=http://127.0.0.1:8642 XX_TOKEN=${token} xx run`;
  assert.match(machine.run(run), /│ from the checkout\n(.*\n)*.*✓ success/);

  machine.run('systemctl kill --kill-whom=main --signal=KILL xx-backend xx-worker');
  await printed('xx-backend', 'serves at http', 2);
  await printed('xx-worker', 'registered with the backend', 2);
  assert.match(machine.run(run), /│ from the checkout\n(.*\n)*.*✓ success/);

  inCheckout('systemctl stop xx-worker xx-backend; cp deploy/systemd/xx-server.service /etc/systemd/system/');
  machine.run(`echo 'XX_SERVER_OPTIONS="--slots 2 --labels large"' >/etc/xx-pipeline/server.env
    systemctl daemon-reload; systemctl start xx-server`);
  await printed('xx-server', 'registered with the backend');
  assert.match(machine.run('cd /root/checkout; XX_HOME=/var/lib/xx-server xx run'), /✓ success/);
  machine.run('systemctl stop xx-server');
  for (const unit of ['xx-backend', 'xx-worker', 'xx-server']) {
    assert.equal(machine.run(`systemctl show ${unit} -p Result --value`), 'success\n', unit);
  }
});
