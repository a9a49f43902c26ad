import { codes } from '../diagnostics/codes.ts';
import type { DiagnosticSink } from '../diagnostics/DiagnosticSink.ts';
import { limits } from '../source/limits.ts';
import type { MapNode, YamlNode } from './nodes.ts';
import { parseEventStream } from './parse-event-stream.ts';
import { reportSyntaxErrors } from './report-syntax-errors.ts';
import { TreeBuilder } from './TreeBuilder.ts';

/** One pipeline file as a tree. Which YAML library made it is known in this folder only. */
export interface SourceDocument {
  readonly root: MapNode;
  /** Whether `!reference` occurs, so that files without it need no walk. */
  readonly hasReferences: boolean;
}

/** Parses a file. Returns null when it is unusable, which has then been reported. */
export function parseSourceDocument(file: string, text: string, sink: DiagnosticSink): SourceDocument | null {
  const start = { file, start: 0, end: 0 };
  if (text.length > limits.fileSize) {
    sink.report(codes.tooBig, {
      message: `the parsed YAML is too big: the file has ${text.length} characters, the limit is ${limits.fileSize}`,
      span: start,
    });
    return null;
  }
  const stream = parseEventStream(text);
  if (!stream.ok) {
    reportSyntaxErrors(file, stream.error.readable, stream.error.error, sink);
    return null;
  }
  const builder = new TreeBuilder(file, text, stream.value, sink);
  const root = builder.build();
  if (root === null) return null;
  return usableRoot(root, sink) ? { root, hasReferences: builder.hasReferences } : null;
}

function usableRoot(root: YamlNode, sink: DiagnosticSink): root is MapNode {
  if (root.kind === 'scalar' && root.value === null) {
    sink.report(codes.emptyFile, {
      message: `\`${root.file}\` is empty: please provide content`,
      span: root,
      help: 'a file needs at least one job: `hello: {script: [echo hello]}`',
    });
    return false;
  }
  if (root.kind !== 'map') {
    sink.report(codes.notAMapping, {
      message: `invalid configuration format: the file should be a mapping of keywords and jobs, not a ${root.kind === 'seq' ? 'list' : 'single value'}`,
      span: root,
    });
    return false;
  }
  if (root.size > limits.expandedNodes) {
    sink.report(codes.tooBig, {
      message: `the parsed YAML is too big: with its aliases written out it has more than ${limits.expandedNodes} values`,
      span: root,
    });
    return false;
  }
  return true;
}
