import { findEngine } from '@xx-pipeline/worker/execution';
import { callEngine, readEngine } from './engine-api.ts';
import { installPackages } from './install-packages.ts';
import { findProgram, hasSystemd, isDebianLike, isRoot } from './machine-facts.ts';
import type { CheckOutcome, SetupCheck, SetupWorld } from './SetupCheck.ts';
import { startEngine } from './start-engine.ts';

/** The engine that runs the containers. */
export const engineCheck: SetupCheck = {
  id: 'engine',
  title: 'Docker engine',
  async run(world) {
    const answer = await callEngine(world, { method: 'GET', path: '/_ping' });
    if (answer.kind === 'answer') {
      answer.body.resume();
      return answer.status === 200 ? await describeEngine(world) : unreachable(world, `answered ${answer.status}`);
    }
    if (answer.code === 'BROKEN')
      return { state: 'missing', found: answer.message, mend: answer.help === null ? [] : [answer.help] };
    if (findEngine(world.env).setting !== null) return unreachable(world, answer.code);
    if (answer.code === 'EACCES' || answer.code === 'EPERM') return notPermitted;
    return findProgram(world, 'dockerd') === null ? notInstalled(world) : notRunning(world);
  },
};

interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
}

async function describeEngine(world: SetupWorld): Promise<CheckOutcome> {
  const version = await readEngine<EngineVersion>(world, '/version');
  const { address, setting } = findEngine(world.env);
  const through = setting === null ? '' : `, through ${setting === 'DOCKER_HOST' ? `DOCKER_HOST=${address}` : setting}`;
  return { state: 'ok', found: `${version?.Version ?? 'answers'}${through}`, mend: [] };
}

function unreachable(world: SetupWorld, why: string): CheckOutcome {
  const { address, setting } = findEngine(world.env);
  const instead = setting === 'DOCKER_HOST' ? 'unset DOCKER_HOST' : 'run `docker context use default`';
  return {
    state: 'missing',
    found: `no engine at ${address}${setting === null ? '' : `, from ${setting}`} (${why})`,
    mend: [`Start that engine, or ${instead} to use the one of this machine.`],
  };
}

const notPermitted: CheckOutcome = {
  state: 'missing',
  found: 'it runs, but you may not use it (permission denied on its socket)',
  mend: [
    'Join the group that may, then log in again (its members can become root through the engine):',
    '$ sudo usermod -aG docker "$USER"',
    'or run a rootless engine of your own and set DOCKER_HOST to its socket.',
  ],
};

function notInstalled(world: SetupWorld): CheckOutcome {
  const found = 'not installed, and no other engine answers';
  if (!isDebianLike(world)) {
    return {
      state: 'missing',
      found,
      mend: [
        'Install Docker (https://docs.docker.com/engine/install) or Podman and start its service,',
        'or set DOCKER_HOST to an engine elsewhere.',
      ],
    };
  }
  const mend = ['Install and start it, as root:', '$ apt-get install --no-install-recommends docker.io iptables'];
  if (!isRoot()) {
    return {
      state: 'missing',
      found,
      mend: [...mend, 'and join its group:', '$ usermod -aG docker YOUR-NAME', 'or let xx do it: sudo xx doctor --fix'],
    };
  }
  const run = async (): Promise<void> => {
    await installPackages(['docker.io', 'iptables'], world);
    await startEngine(world);
  };
  return {
    state: 'missing',
    found,
    mend,
    fix: { what: 'install docker.io and iptables and start the engine', system: true, run },
  };
}

function notRunning(world: SetupWorld): CheckOutcome {
  const start = hasSystemd() ? 'systemctl start docker' : 'dockerd';
  const outcome: CheckOutcome = {
    state: 'missing',
    found: 'installed, but it does not run',
    mend: ['Start it, as root:', `$ ${start}`],
  };
  if (!isRoot()) return outcome;
  return { ...outcome, fix: { what: 'start the Docker engine', system: true, run: () => startEngine(world) } };
}
