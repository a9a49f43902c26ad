// deploy/systemd under a real systemd, with all it takes away from the services.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../rig/until.ts';
import { SystemdMachine } from './SystemdMachine.ts';

const folder = join(import.meta.dirname, '../../deploy/systemd');

const token = (role: string) =>
  `/usr/bin/setpriv --reuid xx-backend --regid xx-backend --clear-groups xx backend token create --role ${role} --state-directory /var/lib/xx-backend`;

test('systemd runs backend, worker and server as their units say, brings them back and stops them cleanly', async () => {
  using machine = await SystemdMachine.start();
  for (const name of readdirSync(folder)) {
    const there = name.endsWith('.service') ? '/etc/systemd/system/' : '/etc/sysusers.d/xx-pipeline.conf';
    machine.copy(join(folder, name), there);
  }
  machine.run('systemd-sysusers; systemctl daemon-reload; mkdir -m 700 /etc/xx-pipeline');

  const journal = (unit: string) => machine.run(`journalctl -q -o cat -u ${unit}`);
  const printed = async (unit: string, text: string, times = 1) => {
    const look = () => journal(unit).split(text).length > times;
    await until(`${unit} to say ${text}`, look, 30_000, 200).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${journal(unit)}`);
    });
  };
  machine.run('systemctl start xx-backend');
  await printed('xx-backend', 'serves at http');
  machine.run(`umask 077
    token=$(${token('worker')})
    cat >/etc/xx-pipeline/worker.env <<END
XX_BACKEND=http://127.0.0.1:8642
XX_WORKER_TOKEN=$token
XX_WORKER_OPTIONS="--slots 2 --labels large,old"
END
    systemctl start xx-worker`);
  await printed('xx-worker', 'registered with the backend');
  machine.run(`mkdir /root/checkout && cd /root/checkout && echo from the checkout >readme
    ${token('person')} >/root/token
    echo 'job: {image: "busybox:latest", tags: [large, old], script: [cat readme]}' >.xx-pipeline.yml`);
  const run = 'cd /root/checkout; XX_SERVER=http://127.0.0.1:8642 XX_TOKEN=$(cat /root/token) xx run';
  assert.match(machine.run(run), /│ from the checkout\n(.*\n)*.*✓ success/);

  machine.run('systemctl kill --kill-whom=main --signal=KILL xx-backend xx-worker');
  await printed('xx-backend', 'serves at http', 2);
  await printed('xx-worker', 'registered with the backend', 2);
  assert.match(machine.run(run), /│ from the checkout\n(.*\n)*.*✓ success/);

  machine.run('systemctl stop xx-worker xx-backend; systemctl start xx-server');
  await printed('xx-server', 'registered with the backend');
  assert.match(machine.run('cd /root/checkout; XX_HOME=/var/lib/xx-server xx run --detach'), /^\S+\n$/);
  machine.run('systemctl stop xx-server');
  for (const unit of ['xx-backend', 'xx-worker', 'xx-server']) {
    assert.equal(machine.run(`systemctl show ${unit} -p Result --value`), 'success\n', unit);
  }
});
