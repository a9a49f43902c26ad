const realIo = 'limits or measures work outside of this process, which takes real time whatever a clock says';

/** Files that take the time from the system, and why a `Clock` would not do. */
export const mayUseSystemTime: ReadonlyMap<string, string> = new Map([
  ['packages/common/src/clock.ts', 'is the clock'],
  ['packages/common/src/ids.ts', 'the time is in an id only so that ids sort; nothing reads it back'],
  // Other processes, sockets, disks.
  ['packages/backend/src/scheduling/Fleet.ts', realIo],
  ['packages/backend/src/store/sql/SignsOfLife.ts', realIo],
  ['packages/cli/src/remote/explain-api-error.ts', realIo],
  ['packages/cli/src/reports/JobLogFile.ts', realIo],
  ['packages/cli/src/reports/ReportFile.ts', realIo],
  ['packages/cli/src/setup/bring-busybox.ts', realIo],
  ['packages/cli/src/setup/check-git.ts', realIo],
  ['packages/cli/src/setup/demo-server.ts', realIo],
  ['packages/cli/src/setup/run-program.ts', realIo],
  ['packages/cli/src/setup/start-engine.ts', realIo],
  ['packages/service/src/HttpServer.ts', realIo],
  ['packages/service/src/event-stream.ts', realIo],
  ['packages/service/src/http/call-within.ts', realIo],
  ['packages/service/src/serve-routes.ts', realIo],
  ['packages/worker/src/app/BackendContact.ts', realIo],
  ['packages/worker/src/app/WorkerApp.ts', realIo],
  [
    'packages/worker/src/app/sources/TreeCache.ts',
    'stamps files, which are compared with times that the file system gives',
  ],
  ['packages/worker/src/execution/docker/DockerClient.ts', realIo],
  ['packages/worker/src/execution/docker/EngineTransport.ts', realIo],
  [
    'packages/worker/src/execution/docker/guardian/guard-containers.ts',
    'is a program of its own, which no caller can give a clock',
  ],
]);
