// A process for a test to kill: prepares two containers, starts a script in one and says which they are.
import { systemClock } from '@xx-pipeline/common';
import { DockerClient } from '../../src/execution/docker/DockerClient.ts';
import { DockerExecutor } from '../../src/execution/docker/DockerExecutor.ts';
import { EngineTransport } from '../../src/execution/docker/EngineTransport.ts';
import { findEngineAddress, processSurroundings } from '../../src/execution/docker/engine-address.ts';
import { labelNames } from '../../src/execution/docker/label-names.ts';
import { makeOwnerId } from '../../src/process/index.ts';

const [tree = '', stateDirectory = ''] = process.argv.slice(2);
const ownerId = makeOwnerId();
const executor = await DockerExecutor.connect({
  ownerId,
  trees: () => tree,
  stateDirectory,
  workspaceMode: 'isolated',
  clock: systemClock,
});
const observer = { queued: () => {}, started: () => {}, pulling: () => {}, pulled: () => {}, warning: () => {} };
const spec = {
  runId: 'run',
  jobName: 'hang',
  attempt: 1,
  image: { name: 'busybox:latest' },
  runsAfter: [],
  isOnly: false,
};
const source = { kind: 'tree', key: 'tree' } as const;
const signal = new AbortController().signal;
const running = await executor.prepare({ ...spec, source, jobId: 'a' }, observer, signal);
await executor.prepare({ ...spec, source, jobId: 'b' }, observer, signal);
const client = new DockerClient(new EngineTransport(findEngineAddress(processSurroundings())));
void running.run(
  { text: 'echo ready; trap "" TERM; while :; do sleep 1; done', mark: '@@mark ' },
  {
    write: async () => {
      const ids = (await client.listContainers(`${labelNames.owner}=${ownerId}`)).map((container) => container.Id);
      process.stdout.write(`${JSON.stringify({ ownerId, ids })}\n`);
    },
    mark: () => {},
  },
);
