// A local run without containers in a process of its own: `node scripted-run.ts <home> <pipeline text>`.
// Ends with the exit code a command would end with.
import { systemClock, systemIds } from '@xx-pipeline/common';
import { JobRunner, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { CommandError } from '../../src/io/CommandIo.ts';
import { LocalPipelineRunner } from '../../src/local/LocalPipelineRunner.ts';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import { planOf, runOf } from './LocalRunRig.ts';

const [home = '', text = ''] = process.argv.slice(2);
const executor = new ScriptedExecutor({ clock: systemClock });
const runner = new LocalPipelineRunner({
  run: runOf(planOf(text), systemClock.now()),
  machine: {
    runner: { id: '1', description: 'test', version: '0' },
    source: { kind: 'empty' },
    slots: 2,
    createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
  },
  openRun: (id, jobs) =>
    new LocalReportStore(home).createRun({ id, pipeline: 'demo', repository: '/demo', createdAt: '', jobs }),
  dirty: Promise.resolve(false),
  emit: () => {},
  world: { clock: systemClock, ids: systemIds },
  stops: { interrupted: new AbortController().signal, killed: new AbortController().signal },
});
try {
  const { execution } = await runner.run();
  process.stdout.write(`${execution.status}\n`);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  process.stdout.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
