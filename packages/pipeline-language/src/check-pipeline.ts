import type { Diagnostic, PipelinePlan } from '@xx-pipeline/common';
import { codes } from './diagnostics/codes.ts';
import { DiagnosticSink } from './diagnostics/DiagnosticSink.ts';
import type { Reader } from './keys/Keyword.ts';
import { KeywordReader } from './keys/KeywordReader.ts';
import { type Built, buildPlan } from './plan/build-plan.ts';
import { resolveExtends } from './resolve/extends.ts';
import { type LoadedFiles, loadFiles } from './resolve/load-files.ts';
import { definePipeline } from './resolve/PipelineDefinition.ts';
import { resolveReferences } from './resolve/references.ts';
import type { FileProvider } from './source/FileProvider.ts';
import type { FetchedFiles, FileRef, Origin } from './source/FileRef.ts';
import { limits } from './source/limits.ts';
import type { PipelineContext } from './source/PipelineContext.ts';
import type { MapNode } from './syntax/nodes.ts';

/** A pipeline file and its surroundings. */
export interface CheckInput {
  /** Path of the root file, as messages should show it. */
  readonly file: string;
  /** Where the root file comes from; the tree of `files` if absent. Its local includes are files of the same origin. */
  readonly origin?: Origin;
  readonly text: string;
  /** The tree that is checked. */
  readonly files: FileProvider;
  /** Files of other origins, as far as they are known. */
  readonly fetched?: FetchedFiles;
  readonly context: PipelineContext;
}

/** What checking came to. A plan exists exactly when there is no error and the rules admit a pipeline. */
export interface CheckResult {
  /** All independent problems, in file order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly plan: PipelinePlan | null;
  /** Why a valid file makes no pipeline here (workflow rules, no job left); null otherwise. */
  readonly notCreated: string | null;
  /** Text of every file read, by its name (see `fileName`): diagnostics are shown with it. */
  readonly sources: ReadonlyMap<string, string>;
  /** Files of other origins that are not in `fetched`. If there are any, the rest of the result is not final. */
  readonly missing: readonly FileRef[];
}

/**
 * The front door of the language: files -> one mapping -> `extends` and `!reference` -> checked definition -> plan.
 * Pure but for the file provider; never throws on bad input.
 */
export function checkPipeline(input: CheckInput): CheckResult {
  const sink = new DiagnosticSink();
  const reader = new KeywordReader(sink);
  const files = listOnce(input.files);
  const loaded = loadFiles({ ...input, files }, reader);
  const { plan, notCreated } = planFrom(loaded, { ...input, files }, reader);
  const { sources, missing } = loaded;
  const final = missing.length === 0;
  return { diagnostics: sink.sorted(loaded.includeChains), plan: final ? plan : null, notCreated, sources, missing };
}

function planFrom(loaded: LoadedFiles, input: CheckInput, reader: Reader): Built {
  const nothing = { plan: null, notCreated: null };
  if (loaded.root === null) return nothing;
  const extended = resolveExtends(loaded.root, reader.sink);
  const root = loaded.hasReferences ? resolveReferences(extended, reader.sink) : extended;
  if (isTooBig(root, reader.sink)) return nothing;
  const definition = definePipeline(root, reader);
  if (reader.sink.hasErrors) return nothing;
  const surroundings = { context: input.context, listFiles: () => input.files.list(), existsAnswers: new Map() };
  return buildPlan(definition, surroundings, reader.sink);
}

function isTooBig(root: MapNode, sink: DiagnosticSink): boolean {
  if (root.size <= limits.mergedNodes) return false;
  const message = `the parsed YAML is too big: with \`extends\` and \`!reference\` written out it has more than ${limits.mergedNodes} values`;
  sink.report(codes.tooBig, { message, span: { file: root.file, start: 0, end: 0 } });
  return true;
}

function listOnce(files: FileProvider): FileProvider {
  let list: readonly string[] | null = null;
  return {
    read: (path) => files.read(path),
    list() {
      list ??= files.list();
      return list;
    },
  };
}
