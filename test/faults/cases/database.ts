import { findPostgres } from '../../../scripts/testing/postgres/find-postgres.ts';
import { PostgresServer } from '../../../scripts/testing/postgres/PostgresServer.ts';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';

/** The database goes away and comes back. */
export const postgresRestart: FaultCase = {
  number: 15,
  title: 'PostgreSQL is restarted in the middle of a run',
  done: 'a server of its own is stopped, as an administrator or as a power cut would, and started again up to 2 s later',
  audited: 'each job has run once',
  missing: () => (findPostgres() === null ? 'PostgreSQL is not installed' : null),
  async run(random) {
    const programs = findPostgres();
    if (programs === null) throw new Error('PostgreSQL is not installed');
    await using server = await PostgresServer.start(programs);
    await using world = await FaultWorld.open(patientLease, { database: server.url });
    await world.rig.startWorker('one', { push: random.chance(0.5) });
    const id = await world.submit(fiveJobs({ lines: 200, pause: 0.2 }));
    const job = random.oneOf(['a', 'c', 'e']);
    await world.writing(id, job, random.between(1, 1500));
    const how = random.oneOf<'fast' | 'crash'>(['fast', 'crash']);
    await server.halt(how);
    await pass(random.between(0, 2000));
    await server.startAgain();
    await world.audit(id, { status: 'SUCCESS', lines: 200 });
    return `${how}, while ${job} ran`;
  },
};
