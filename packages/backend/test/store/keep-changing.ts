// Changes executions without end and says what was acknowledged, until it is killed.
import { once } from 'node:events';
import process from 'node:process';
import { openStores } from '../../src/open-stores.ts';
import { at, countUp, createExecution } from './executions.ts';

const [database = '', stateDirectory = ''] = process.argv.slice(2);
const stores = await openStores({ database, stateDirectory });
await Promise.all(
  ['a', 'b', 'c', 'd'].map(async (pipeline) => {
    const { id, jobs } = await createExecution(stores, { pipeline });
    const log = { jobId: at(jobs, 0).id, attempt: 1 };
    for (let round = 1; ; round++) {
      const count = await stores.executions.change(id, (current) => countUp(current, log.jobId));
      const bytes = Buffer.from(`line ${round}\n`);
      const offset = await stores.logs.size(log);
      await stores.logs.append(log, offset, [{ stream: round % 2 === 0 ? 'stdout' : 'stderr', at: round, bytes }]);
      const line = `${JSON.stringify({ id, jobId: log.jobId, count })}\n`;
      if (!process.stdout.write(line)) await once(process.stdout, 'drain');
    }
  }),
);
