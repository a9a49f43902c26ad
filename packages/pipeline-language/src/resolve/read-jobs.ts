import { closestName } from '../diagnostics/closest-name.ts';
import { codes } from '../diagnostics/codes.ts';
import { plainSpan } from '../diagnostics/DiagnosticSink.ts';
import { defaultFields } from '../keys/default.ts';
import type { FieldValues, Reader } from '../keys/Keyword.ts';
import { globalFields, jobFields } from '../keys/keyword-table.ts';
import { limits } from '../source/limits.ts';
import { type MapEntry, type MapNode, presentValue, quote } from '../syntax/nodes.ts';
import { type JobDefinition, unreadableStage } from './JobDefinition.ts';
import { makeInstances } from './make-instances.ts';
import { type Defaults, type Globals, isGlobal } from './read-globals.ts';

const unusableNames = new Set(['true', 'false', 'nil', 'types', '']);

/** Reads every visible job. A job with problems is still there, so that others may name it. */
export function readJobs(root: MapNode, globals: Globals, reader: Reader): JobDefinition[] {
  const jobs: JobDefinition[] = [];
  let visible = 0;
  for (const entry of root.entries.values()) {
    if (entry.key.startsWith('.') || isGlobal(entry)) continue;
    visible++;
    const job = readJob(entry, globals, reader);
    if (job !== null) jobs.push(job);
  }
  if (visible === 0) {
    reader.sink.report(codes.noJobs, {
      message: 'jobs config should contain at least one visible job',
      span: { file: root.file, start: root.start, end: root.start },
      help: 'a key that begins with a dot is hidden and does not run',
    });
  }
  return jobs;
}

function readJob(entry: MapEntry, globals: Globals, reader: Reader): JobDefinition | null {
  const { key: name, keySpan, value: node } = entry;
  if (node.kind !== 'map') {
    reportNoJob(entry, reader);
    return null;
  }
  if (unusableNames.has(name) || name.length > limits.jobName) {
    const reason = name.length > limits.jobName ? `is longer than ${limits.jobName} characters` : 'is reserved';
    reader.sink.report(codes.jobName, { message: `the job name ${quote(name)} ${reason}`, span: keySpan });
  }
  const own = reader.fields(node, jobFields, `job ${quote(name)}`);
  const keys = withDefaults(node, own, globals.defaults);
  checkScript(entry, node, keys, reader);
  checkStartIn(node, own, reader);
  const job = {
    name,
    span: plainSpan(keySpan),
    stage: keys.stage ?? (presentValue(node, 'stage') === undefined ? 'test' : unreadableStage),
    stageSpan: plainSpan(presentValue(node, 'stage') ?? keySpan),
    keys,
    instances: [] as JobDefinition['instances'],
  };
  job.instances = makeInstances(job, reader.sink);
  return job;
}

/** `default` counts for a key the job does not specify: an absent or null one, not an empty one. */
function withDefaults(
  node: MapNode,
  own: FieldValues<typeof jobFields>,
  defaults: Defaults,
): FieldValues<typeof jobFields> {
  const wanted = own.inherit?.default ?? true;
  if (wanted === false) return own;
  const keys: Record<string, unknown> = { ...own };
  for (const [name, value] of Object.entries(defaults)) {
    if (wanted !== true && !wanted.includes(name)) continue;
    if (name in defaultFields && presentValue(node, name) === undefined) keys[name] = value;
  }
  return keys as FieldValues<typeof jobFields>;
}

function checkScript(entry: MapEntry, node: MapNode, keys: FieldValues<typeof jobFields>, reader: Reader): void {
  if (['run', 'trigger'].some((key) => presentValue(node, key) !== undefined)) return;
  const written = presentValue(node, 'script');
  if (written === undefined) {
    reportNoJob(entry, reader);
  } else if (keys.script?.length === 0 || (written.kind === 'scalar' && written.text.trim() === '')) {
    const message = `job ${quote(entry.key)}: script can't be blank`;
    reader.sink.report(codes.noScript, {
      message,
      span: written,
      help: 'use `script: [":"]` for a job that does nothing',
    });
  }
}

function reportNoJob(entry: MapEntry, reader: Reader): void {
  const close = closestName(entry.key, Object.keys(globalFields));
  const message = `jobs ${quote(entry.key).slice(1, -1)} config should implement the script:, run:, or trigger: keyword`;
  if (entry.value.kind === 'map' && close === undefined) {
    const hidden = `add \`script\`, or call it \`.${entry.key}\` if it is only a template`;
    reader.sink.report(codes.noScript, { message, span: entry.keySpan, help: hidden });
  } else {
    const help = close === undefined ? 'only global keywords and jobs are allowed here' : `did you mean \`${close}\`?`;
    reader.sink.report(codes.notAJob, { message: `unknown keyword: ${message}`, span: entry.keySpan, help });
  }
}

function checkStartIn(node: MapNode, own: FieldValues<typeof jobFields>, reader: Reader): void {
  const startIn = node.entries.get('start_in');
  const hasStartIn = presentValue(node, 'start_in') !== undefined;
  const rules = presentValue(node, 'rules');
  if (rules !== undefined && hasStartIn) {
    const message = 'config key may not be used with `rules`: start_in';
    reader.sink.report(codes.keyConflict, {
      message,
      span: startIn?.keySpan,
      help: 'write it in the rule with `when: delayed`',
    });
  } else if (own.when === 'delayed' && !hasStartIn && rules === undefined) {
    const message = '`when: delayed` needs `start_in`: start in should be a duration';
    reader.sink.report(codes.startIn, {
      message,
      span: presentValue(node, 'when'),
      help: 'add `start_in: 10 minutes`',
    });
  } else if (hasStartIn && own.when !== 'delayed' && rules === undefined) {
    const message = 'start in must be blank: `start_in` belongs to `when: delayed`';
    reader.sink.report(codes.startIn, { message, span: startIn?.keySpan });
  }
  for (const rule of own.rules ?? []) {
    if (rule.when !== 'delayed' || rule.startIn !== undefined) continue;
    const message = 'a rule with `when: delayed` needs `start_in`: start in should be a duration';
    reader.sink.report(codes.startIn, { message, span: rule.span, help: 'add `start_in: 10 minutes`' });
  }
}
