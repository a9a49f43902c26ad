import { join } from 'node:path';
import { type Report, systemClock, systemIds } from '@xx-pipeline/common';
import { pipelineVariables } from '@xx-pipeline/pipeline-language';
import { openSource, sourceInfo } from '@xx-pipeline/source';
import { JobRunner, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { LocalPipelineRunner } from '../../src/local/LocalPipelineRunner.ts';
import { PlainRenderer } from '../../src/render/PlainRenderer.ts';
import { LocalReportStore } from '../../src/reports/LocalReportStore.ts';
import { checkForRun } from '../../src/run/check-for-run.ts';
import { pipelineFacts } from '../../src/run/pipeline-facts.ts';
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
  const { plan } = checkForRun({ variables: [] }, source, facts, io);
  if (plan === null) throw new Error('the file makes no pipeline');
  const id = systemIds.next();
  const createdAt = systemClock.now();
  const store = new LocalReportStore(join(directory, 'local-home'));
  const info = sourceInfo(source.location, facts);
  const executor = new ScriptedExecutor({ clock: systemClock });
  const renderer = new PlainRenderer(io);
  const name = 'demo';
  const runner = new LocalPipelineRunner({
    plan,
    id,
    pipelineName: name,
    sourceInfo: info,
    createdAt,
    jobs: {
      predefined: (runNumber) =>
        pipelineVariables(pipelineFacts(source.location, facts, { createdAt, runNumber, name })),
      variables: [],
      runner: { id: '1', description: 'here', version: '0' },
      source: { kind: 'empty' },
      playedJobs: new Set(),
    },
    openRun: (jobs) =>
      store.createRun({
        id,
        pipeline: name,
        repository: info.repository,
        createdAt: new Date(createdAt).toISOString(),
        jobs,
      }),
    createJobRunner: (ports) => new JobRunner({ executor, clock: systemClock, ...ports }),
    slots,
    dirty: source.dirty,
    clock: systemClock,
    ids: systemIds,
    emit: (event) => renderer.event(event),
    interrupted: io.interrupted,
    killed: io.killed,
  });
  const { report } = await runner.run();
  await executor.close();
  return { stdout: stdout.text, report };
}
