import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { installPackages } from '../../../packages/cli/src/setup/install-packages.ts';
import { isDebianLike, isRoot } from '../../../packages/cli/src/setup/machine-facts.ts';
import { SetupFailed } from '../../../packages/cli/src/setup/SetupCheck.ts';
import { findPostgres } from './find-postgres.ts';
import { PostgresServer } from './PostgresServer.ts';

/** A PostgreSQL for tests: where it is, and how to be rid of it. */
export interface PreparedPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** Where tests look for a server to make databases in. */
export const postgresVariable = 'XX_TEST_POSTGRES';

/** The server of `XX_TEST_POSTGRES`, else one that is started here, installed if it must be; else what is missing. */
export async function preparePostgres(signal: AbortSignal): Promise<PreparedPostgres | string> {
  const given = process.env[postgresVariable];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  try {
    const programs = findPostgres() ?? (await installPostgres(signal));
    if (programs === null) {
      return [
        'PostgreSQL is not installed. On Debian or Ubuntu, as root:',
        '  $ apt-get install --no-install-recommends postgresql',
        `or name a server of your own, with a user who may create databases: ${postgresVariable}=postgres://…`,
      ].join('\n');
    }
    const server = await PostgresServer.start(programs);
    return { url: server.url, stop: () => server.stop() };
  } catch (error) {
    if (error instanceof SetupFailed) return [error.message, ...error.mend].join('\n  ');
    return error instanceof Error ? error.message : String(error);
  }
}

/** Keeps the distribution from making and starting a cluster nobody asked for, for as long as it installs. */
const noCluster = '/etc/postgresql-common/createcluster.d/xx-pipeline-tests.conf';

async function installPostgres(signal: AbortSignal): Promise<ReturnType<typeof findPostgres>> {
  const world = {
    env: process.env,
    cwd: process.cwd(),
    signal,
    say: (line: string) => process.stdout.write(`  ${line} …\n`),
  };
  if (!isRoot() || !isDebianLike(world)) return null;
  mkdirSync(dirname(noCluster), { recursive: true });
  try {
    writeFileSync(noCluster, 'create_main_cluster = false\n');
    await installPackages(['postgresql'], world);
  } finally {
    rmSync(noCluster, { force: true });
  }
  return findPostgres();
}
