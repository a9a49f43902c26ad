import { callEngine, engineAddress, readEngine } from './engine-api.ts';
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
      return answer.status === 200 ? await describeEngine(world) : doesNotAnswer(world, `answered ${answer.status}`);
    }
    if (answer.code === 'UNSUPPORTED') return { state: 'warning', found: answer.message, mend: [] };
    if (world.env['DOCKER_HOST']) return doesNotAnswer(world, answer.code);
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
  const through = world.env['DOCKER_HOST'] ? `, through DOCKER_HOST=${world.env['DOCKER_HOST']}` : '';
  return { state: 'ok', found: `${version?.Version ?? 'answers'}${through}`, mend: [] };
}

function doesNotAnswer(world: SetupWorld, why: string): CheckOutcome {
  return {
    state: 'missing',
    found: `${engineAddress(world)} does not answer (${why})`,
    mend: ['Start the engine that DOCKER_HOST names, or unset DOCKER_HOST to use the one of this machine.'],
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
