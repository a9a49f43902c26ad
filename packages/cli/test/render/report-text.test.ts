import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderJob, renderReport, renderRunList } from '../../src/render/report-text.ts';
import { assertGolden } from './golden.ts';
import { expandCase, type RunCase } from './run-case.ts';

const cases = new URL('./cases/', import.meta.url);
const style = { color: false, columns: 100 };

for (const file of readdirSync(cases).filter((name) => name.endsWith('.case.json'))) {
  const name = file.slice(0, -'.case.json'.length);
  test(`${name}: as a list of runs, as one run and job by job`, () => {
    const last = [...expandCase(JSON.parse(readFileSync(new URL(file, cases), 'utf8')) as RunCase)].at(-1)?.event;
    if (last?.type !== 'run-finished') {
      throw new Error('the case has no end');
    }
    const { report } = last;
    const jobs = report.stages.flatMap((stage) => stage.jobs.map((job) => renderJob(job, stage.name, report, style)));
    const parts = [
      renderRunList([report, { ...report, runNumber: 2, completedAt: null, status: 'RUNNING' }], style),
      renderReport(report, '/reports/3', style),
      ...jobs,
    ];
    assertGolden(parts.join('\n'), new URL(`${name}.report.txt`, cases));
  });
}
