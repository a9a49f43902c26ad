import { ExecutionStatus } from '../execution/ExecutionStatus.ts';
import { failureReasons } from '../execution/FailureReason.ts';

const status = { enum: Object.values(ExecutionStatus) };
const time = { type: 'string', format: 'date-time' };
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const text = { type: 'string' };
const milliseconds = { type: 'number', minimum: 0 };

/** An object with exactly these properties, all of them required. */
const exactly = (properties: Readonly<Record<string, object>>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const failureReason = orNull({ enum: failureReasons });
const timings = exactly({
  queue: milliseconds,
  pull: milliseconds,
  prepare: milliseconds,
  script: milliseconds,
  artifacts: milliseconds,
});

const artifact = exactly({
  name: text,
  path: text,
  size: { type: 'integer', minimum: 0 },
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
});
const artifacts = { type: 'array', items: artifact };

const attempt = exactly({
  number: { type: 'integer', minimum: 1 },
  status,
  failureReason,
  failureMessage: orNull(text),
  exitCode: orNull({ type: 'integer' }),
  startedAt: orNull(time),
  completedAt: orNull(time),
  timings,
  artifacts,
  log: orNull(text),
});

const job = exactly({
  id: text,
  name: text,
  status,
  allowFailure: { type: 'boolean' },
  failureReason,
  failureMessage: orNull(text),
  waitingReason: orNull(text),
  exitCode: orNull({ type: 'integer' }),
  image: text,
  startedAt: orNull(time),
  completedAt: orNull(time),
  timings,
  attempts: { type: 'array', items: attempt },
  artifacts,
  coverage: orNull({ type: 'number' }),
  log: orNull(text),
});

const stage = exactly({
  name: text,
  status,
  warnings: { type: 'boolean' },
  startedAt: orNull(time),
  completedAt: orNull(time),
  jobs: { type: 'array', items: job },
});

/** JSON Schema of `Report`, for programs that read reports; `docs/reports.md` says what the fields mean. */
export const reportSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Report of a pipeline run',
  ...exactly({
    schemaVersion: { const: 1 },
    id: text,
    pipeline: text,
    repository: text,
    branch: orNull(text),
    commit: orNull(text),
    dirty: { type: 'boolean' },
    runNumber: { type: 'integer', minimum: 1 },
    trigger: text,
    status,
    warnings: { type: 'boolean' },
    reason: orNull(text),
    createdAt: time,
    startedAt: orNull(time),
    completedAt: orNull(time),
    stages: { type: 'array', items: stage },
  }),
};
