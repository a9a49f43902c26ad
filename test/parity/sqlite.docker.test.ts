import { after, before, suite, test } from 'node:test';
import { ServiceRig } from '../rig/ServiceRig.ts';
import { chosenScenarios } from './chosen-scenarios.ts';
import { runOnServer } from './run-on-server.ts';
import { listScenarios } from './scenarios.ts';

suite('scenarios, run by a backend on SQLite', { concurrency: 3 }, () => {
  let services: ServiceRig;
  before(async () => {
    services = await ServiceRig.make();
    await services.startBackend();
    await services.startWorker('one', { slots: 6 });
  });
  after(() => services[Symbol.asyncDispose]());

  for (const scenario of listScenarios()) {
    const why = chosenScenarios[scenario.name];
    const title = why === undefined ? scenario.expected.title : `${scenario.expected.title}, as a local run (${why})`;
    test(`${scenario.name}: ${title}`, () => runOnServer(services, scenario, { comparedWithLocal: why !== undefined }));
  }
});
