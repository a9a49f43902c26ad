import { join } from 'node:path';
import { type Report, systemClock, systemIds } from '@xx-pipeline/common';
import { makeRun } from '@xx-pipeline/pipeline-language';
import { openSource } from '@xx-pipeline/source';
import { JobRunner, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { LocalPipelineRunner } from '../../src/local/LocalPipelineRunner.ts';
import { PlainRenderer } from '../../src/render/PlainRenderer.ts';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import { checkForRun } from '../../src/run/check-for-run.ts';
import { FakeStream, fakeIo } from '../render/FakeIo.ts';

/** `xx run --local` of a repository, with containers that only pretend. */
export async function runOnScriptedMachine(
  repository: string,
  directory: string,
  slots = 4,
): Promise<{ readonly stdout: string; readonly report: Report }> {
  const stdout = new FakeStream();
  const env = { PATH: process.env['PATH'] ?? '' };
  const io = { ...fakeIo(stdout, new FakeStream(), env), cwd: repository };
  const opened = await openSource(
    { file: undefined, clone: null, cloneDirectory: directory },
    { cwd: repository, env },
  );
  if (!opened.ok) throw new Error(opened.error.kind);
  const source = opened.value;
  const { facts } = await source.facts;
  const { plan } = await checkForRun({ variables: [] }, source, facts, io);
  if (plan === null) throw new Error('the file makes no pipeline');
  const request = { jobs: [], play: [], variables: [], pullPolicy: null, timeout: null, createdAt: systemClock.now() };
  const { root, file } = source.location;
  const made = makeRun(plan, { root, file, repository: facts }, request);
  if (!made.ok) throw new Error(made.error.message);
  const run = made.value;
  const store = new LocalReportStore(join(directory, 'local-home'));
  const executor = new ScriptedExecutor({ clock: systemClock });
  const renderer = new PlainRenderer(io);
  const runner = new LocalPipelineRunner({
    run,
    machine: {
      runner: { id: '1', description: 'here', version: '0' },
      source: { kind: 'empty' },
      slots,
      createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
    },
    openRun: (id, jobs) => {
      const createdAt = new Date(run.createdAt).toISOString();
      return store.createRun({ id, pipeline: run.name, repository: run.sourceInfo.repository, createdAt, jobs });
    },
    dirty: source.dirty,
    emit: (event) => renderer.event(event),
    world: { clock: systemClock, ids: systemIds },
    stops: { interrupted: io.interrupted, killed: io.killed },
  });
  const { report } = await runner.run();
  await executor.close();
  return { stdout: stdout.text, report };
}
