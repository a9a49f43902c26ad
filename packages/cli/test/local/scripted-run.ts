// A local run without containers in a process of its own: `node scripted-run.ts <home> <pipeline text>`.
// Ends with the exit code a command would end with.
import { systemClock, systemIds } from '@xx-pipeline/common';
import { JobRunner, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { CommandError } from '../../src/io/CommandIo.ts';
import { LocalPipelineRunner } from '../../src/local/LocalPipelineRunner.ts';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import { planOf } from './LocalRunRig.ts';

const [home = '', text = ''] = process.argv.slice(2);
const id = systemIds.next();
const executor = new ScriptedExecutor({ clock: systemClock });
const runner = new LocalPipelineRunner({
  plan: planOf(text),
  id,
  pipelineName: 'demo',
  sourceInfo: { repository: '/demo', branch: 'main', commit: null, dirty: false },
  createdAt: Date.now(),
  jobs: {
    predefined: () => ({}),
    variables: [],
    runner: { id: '1', description: 'test', version: '0' },
    source: { kind: 'empty' },
    playedJobs: new Set(),
  },
  openRun: (jobs) =>
    new LocalReportStore(home).createRun({ id, pipeline: 'demo', repository: '/demo', createdAt: '', jobs }),
  createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
  slots: 2,
  dirty: Promise.resolve(false),
  clock: systemClock,
  ids: systemIds,
  emit: () => {},
  interrupted: new AbortController().signal,
  killed: new AbortController().signal,
});
try {
  const { execution } = await runner.run();
  process.stdout.write(`${execution.status}\n`);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  process.stdout.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
