/** A part of the repository with rules about what it may import. */
export interface Zone {
  readonly name: string;
  /** Files whose path from the root begins with one of these belong to it; the longest match wins. */
  readonly folders: readonly string[];
  /** Zones it may import; its own is always allowed. `*` = any. */
  readonly imports: readonly string[];
  /** Files here do no I/O and run in browsers: no built-in module and no global of Node. */
  readonly pure?: boolean;
}

/** Who may import whom: the table of docs/architecture.md. */
export const zones: readonly Zone[] = [
  { name: 'common', folders: ['packages/common/src'], imports: [], pure: true },
  // An HTTP server for route tables, log, metrics: the parts every service has.
  { name: 'service', folders: ['packages/service/src'], imports: ['common'] },
  // The HTTP client that all processes share.
  { name: 'service/http', folders: ['packages/service/src/http'], imports: ['common'] },
  { name: 'pipeline-language', folders: ['packages/pipeline-language/src'], imports: ['common'], pure: true },
  // Every call of git: the only place that starts it.
  { name: 'source/git', folders: ['packages/source/src/git'], imports: ['common'] },
  // Repositories, trees and what is known of them.
  { name: 'source', folders: ['packages/source/src'], imports: ['source/git', 'pipeline-language', 'common'] },
  // What a terminal and a web page share: run events, following a run, the words for statuses.
  { name: 'client', folders: ['packages/client/src'], imports: ['common'], pure: true },
  // Names processes, and knows whether they still run.
  { name: 'worker/process', folders: ['packages/worker/src/process'], imports: [] },
  { name: 'worker/execution', folders: ['packages/worker/src/execution'], imports: ['worker/process', 'common'] },
  {
    name: 'worker/app',
    folders: ['packages/worker/src/app'],
    imports: ['worker/execution', 'worker/process', 'source/git', 'common', 'service/http', 'service'],
  },
  {
    name: 'backend',
    folders: ['packages/backend/src'],
    imports: ['pipeline-language', 'common', 'service/http', 'service'],
  },
  {
    name: 'cli',
    folders: ['packages/cli/src'],
    imports: [
      'client',
      'pipeline-language',
      'source',
      'source/git',
      'worker/execution',
      'worker/process',
      'common',
      'service/http',
      'cli/server',
    ],
  },
  // `xx server`, `xx backend` and `xx worker` start the services through their doors.
  {
    name: 'cli/server',
    folders: ['packages/cli/src/server'],
    imports: [
      'cli',
      'backend',
      'worker/app',
      'worker/execution',
      'worker/process',
      'common',
      'service/http',
      'service',
    ],
  },
  // Fixtures and waiting for tests; shipped code never imports it.
  { name: 'testing', folders: ['packages/testing/src'], imports: ['common'] },
  { name: 'web', folders: ['packages/web/src'], imports: ['client', 'common'], pure: true },
  {
    name: 'common tests',
    folders: ['packages/common/test'],
    imports: ['testing', 'common', 'service/http', 'service'],
  },
  {
    name: 'service tests',
    folders: ['packages/service/test'],
    imports: ['testing', 'service', 'service/http', 'common'],
  },
  {
    name: 'language tests',
    folders: ['packages/pipeline-language/test'],
    imports: ['testing', 'pipeline-language', 'common'],
  },
  {
    name: 'source tests',
    folders: ['packages/source/test'],
    imports: ['testing', 'source', 'source/git', 'pipeline-language', 'common'],
  },
  { name: 'client tests', folders: ['packages/client/test'], imports: ['testing', 'client', 'common'] },
  {
    name: 'worker tests',
    folders: ['packages/worker/test'],
    imports: ['testing', 'worker/execution', 'worker/app', 'worker/process', 'common', 'service/http', 'service'],
  },
  {
    name: 'backend tests',
    folders: ['packages/backend/test'],
    imports: ['testing', 'backend', 'pipeline-language', 'common', 'service/http', 'service'],
  },
  {
    name: 'cli tests',
    folders: ['packages/cli/test'],
    imports: [
      'testing',
      'cli',
      'cli/server',
      'client',
      // Remote runs are tested against the real services.
      'backend',
      'worker/app',
      'pipeline-language',
      'source',
      'source/git',
      'worker/execution',
      'worker/process',
      'common',
      'service/http',
      'service',
    ],
  },
  { name: 'testing tests', folders: ['packages/testing/test'], imports: ['testing', 'common'] },
  { name: 'web tests', folders: ['packages/web/test'], imports: ['testing', 'web', 'client', 'common'] },
  { name: 'root', folders: ['test', 'bench', 'scripts'], imports: ['*'] },
];

const dockerUsers = [
  'packages/worker/src/execution/docker/DockerExecutor.ts',
  'packages/worker/src/execution/docker',
  'packages/worker/test',
];

/** Files inside a zone that only some others may use. */
export const inner: readonly { readonly file: string; readonly users: readonly string[] }[] = [
  { file: 'packages/worker/src/execution/docker/DockerClient.ts', users: dockerUsers },
  { file: 'packages/worker/src/execution/docker/EngineTransport.ts', users: dockerUsers },
  // The makers of validated plans, and the tests that need one without a file.
  {
    file: 'packages/common/src/plan/trust-plan.ts',
    users: [
      'packages/pipeline-language/src/plan/build-plan.ts',
      'packages/common/src/api/schemas/plan-schema.ts',
      'packages/backend/src/store/sql/ExecutionLoader.ts',
      'packages/testing/src',
      'packages/cli/test',
    ],
  },
];

/** Folders whose children still import each other in a circle. Only to be shortened. */
export const knownFolderCycles: ReadonlySet<string> = new Set();
