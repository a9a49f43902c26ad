import { after, before, suite, test } from 'node:test';
import { ServiceRig } from '../rig/ServiceRig.ts';
import { TestDatabase } from '../rig/TestDatabase.ts';
import { chosenScenarios } from './chosen-scenarios.ts';
import { runOnServer } from './run-on-server.ts';
import { listScenarios } from './scenarios.ts';

suite('scenarios, run by a backend on PostgreSQL', { concurrency: 3 }, () => {
  let database: TestDatabase;
  let services: ServiceRig;
  before(async () => {
    database = await TestDatabase.make();
    services = await ServiceRig.make({ database: database.url });
    await services.startBackend();
    await services.startWorker('one', { slots: 4 });
    await services.startWorker('two', { slots: 2, push: true });
  });
  after(async () => {
    await services[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  for (const scenario of listScenarios().filter(({ name }) => name in chosenScenarios)) {
    test(`${scenario.name}: ${scenario.expected.title}`, () =>
      runOnServer(services, scenario, { comparedWithLocal: false }));
  }
});
