import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import {
  describeNode,
  isNull,
  type MapEntry,
  type MapNode,
  mapNode,
  presentValue,
  quote,
  type YamlNode,
} from '../syntax/nodes.ts';

/** Names that mean something at the top of a file, so that no job can have them. */
const reserved = new Set(
  'default include before_script image services after_script variables stages cache workflow spec types true false nil'.split(
    ' ',
  ),
);

/**
 * Gives both forms of a file the same shape: jobs written under `jobs:`, by name or as a list of entries with `name:`,
 * are moved to the top level, where GitLab has them.
 */
export function liftJobs(root: MapNode, sink: DiagnosticSink): MapNode {
  const section = root.entries.get('jobs');
  if (section === undefined || isJobCalledJobs(section.value)) return root;
  const entries = new Map<string, MapEntry>();
  for (const entry of root.entries.values()) {
    if (entry !== section) {
      addJob(entries, entry, sink);
      continue;
    }
    for (const job of jobsOf(section.value, sink)) {
      if (!isReserved(job, sink)) addJob(entries, job, sink);
    }
  }
  return mapNode(root, entries);
}

/** In GitLab's form a job may be called `jobs`; its `script` tells. */
const isJobCalledJobs = (value: YamlNode): boolean => {
  const script = value.kind === 'map' ? presentValue(value, 'script') : undefined;
  return script !== undefined && script.kind !== 'map';
};

function addJob(entries: Map<string, MapEntry>, entry: MapEntry, sink: DiagnosticSink): void {
  const other = entries.get(entry.key);
  if (other === undefined) {
    entries.set(entry.key, entry);
    return;
  }
  sink.report(codes.duplicateJob, {
    message: `there are two jobs with the name ${quote(entry.key)}`,
    span: entry.keySpan,
    related: [{ span: other.keySpan, message: 'the other one' }],
  });
}

function isReserved(job: MapEntry, sink: DiagnosticSink): boolean {
  if (!reserved.has(job.key)) return false;
  sink.report(codes.jobName, { message: `the job name ${quote(job.key)} is reserved`, span: job.keySpan });
  return true;
}

function jobsOf(value: YamlNode, sink: DiagnosticSink): MapEntry[] {
  if (isNull(value)) return [];
  if (value.kind === 'map') return [...value.entries.values()];
  if (value.kind === 'seq') return value.items.flatMap((item) => namedJob(item, sink));
  const message = `\`jobs\` should be a mapping of jobs by name or a list of jobs with \`name\`, not ${describeNode(value)}`;
  sink.report(codes.wrongType, { message, span: value });
  return [];
}

function namedJob(item: YamlNode, sink: DiagnosticSink): MapEntry[] {
  if (item.kind !== 'map') {
    const message = `an entry of \`jobs\` should be a mapping with a \`name\`, not ${describeNode(item)}`;
    sink.report(codes.wrongType, { message, span: item });
    return [];
  }
  const name = presentValue(item, 'name');
  if (name?.kind !== 'scalar' || name.text === '') {
    sink.report(codes.missingKey, {
      message: 'an entry of `jobs` needs a `name`',
      span: item,
      help: 'add `name: build`',
    });
    return [];
  }
  const entries = new Map(item.entries);
  entries.delete('name');
  return [{ key: name.text, keySpan: name, value: mapNode(item, entries) }];
}
