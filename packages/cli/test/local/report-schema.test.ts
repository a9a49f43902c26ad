import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildReport } from '@xx-pipeline/common';
import { reportJsonSchema } from '@xx-pipeline/common/api';
import { thisProcess } from '@xx-pipeline/worker/process';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { repairReport } from '../../src/reports/repair-report.ts';
import { LocalRunRig } from './LocalRunRig.ts';

const validate = new Ajv2020({ validateFormats: false, strictTypes: false }).compile(reportJsonSchema());

test('the report of every kind of ending fits the schema', async () => {
  await using rig = await LocalRunRig.create();
  const { report } = await rig.run(`
stages: [a, b]
good: { stage: a, script: [write out x], artifacts: { paths: [out] } }
retried: { stage: a, retry: 1, script: [exit 3], allow_failure: true }
imageless: { stage: a, image: $NONE, script: [print], allow_failure: true }
gate: { stage: a, when: manual, allow_failure: false, script: [print] }
later: { stage: b, script: [print] }
rescue: { stage: a, needs: [good], when: on_failure, script: [print] }`);
  assert.equal(report.status, 'MANUAL');
  validate(JSON.parse(JSON.stringify(report)));
  assert.deepEqual(validate.errors, null);
});

test('the report of a run that has just begun fits the schema, and so does what becomes of it when xx is killed', async () => {
  await using rig = await LocalRunRig.create();
  await rig.run('a: { script: [sleep 5] }\nb: { script: [print], needs: [a] }');
  const started = rig.events.find((event) => event.type === 'run-started');
  assert.ok(started?.type === 'run-started');
  const report = buildReport(started.execution);
  const run = { ...report, owner: thisProcess(), directory: started.directory };
  for (const state of [report, repairReport(run, report, Date.now()), repairReport(run, null, Date.now())]) {
    validate(JSON.parse(JSON.stringify(state)));
    assert.deepEqual(validate.errors, null);
  }
});

test('what is no report does not fit', () => {
  assert.equal(validate({ schemaVersion: 1 }), false);
});
