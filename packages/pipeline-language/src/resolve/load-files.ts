import type { Span } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { expectMissingNames } from '../diagnostics/missing-names.ts';
import { type Include, include as includeKeyword } from '../keys/include.ts';
import type { Reader } from '../keys/Keyword.ts';
import { evaluateRules } from '../rules/evaluate-rules.ts';
import { matchGlob } from '../rules/glob.ts';
import type { FileProvider } from '../source/FileProvider.ts';
import { limits } from '../source/limits.ts';
import type { PipelineContext } from '../source/PipelineContext.ts';
import { type MapEntry, type MapNode, mapNode, presentValue, quote } from '../syntax/nodes.ts';
import { parseSourceDocument } from '../syntax/SourceDocument.ts';
import { expandText } from '../variables/expand-text.ts';
import { deepMerge } from './deep-merge.ts';
import { liftJobs } from './file-form.ts';

/** All files of a pipeline merged into one mapping. */
export interface LoadedFiles {
  /** null when the root file is unusable. */
  readonly root: MapNode | null;
  readonly hasReferences: boolean;
  readonly sources: ReadonlyMap<string, string>;
  /** For each file, the includes that led to it, outermost first. */
  readonly includeChains: ReadonlyMap<string, readonly Span[]>;
}

/** A file on the way from the root file to the one being read, and the include that named it. */
interface Step {
  readonly file: string;
  readonly via: Span | null;
}

/** Reads a file and everything it includes: included files first, in order, the including file over them. */
export function loadFiles(
  input: { file: string; text: string; files: FileProvider; context: PipelineContext },
  reader: Reader,
): LoadedFiles {
  return new FileLoader(input.files, input.context, reader).load(input.file, input.text);
}

class FileLoader {
  readonly #files: FileProvider;
  readonly #variables: Record<string, string>;
  readonly #context: PipelineContext;
  readonly #reader: Reader;
  readonly #sources = new Map<string, string>();
  readonly #chains = new Map<string, readonly Span[]>();
  readonly #parsed = new Map<string, MapNode | null>();
  #included = 0;
  #hasReferences = false;

  constructor(files: FileProvider, context: PipelineContext, reader: Reader) {
    this.#files = files;
    this.#context = context;
    this.#variables = { ...context.predefined, ...context.pipelineVariables };
    this.#reader = reader;
  }

  load(file: string, text: string): LoadedFiles {
    const root = this.#document({ file, via: null }, text, []);
    return {
      root,
      hasReferences: this.#hasReferences,
      sources: this.#sources,
      includeChains: this.#chains,
    };
  }

  #document(step: Step, text: string, path: readonly Step[]): MapNode | null {
    const steps = [...path, step];
    const root = this.#parse(step.file, text, steps);
    if (root === null) return null;
    const includes = presentValue(root, 'include');
    if (includes === undefined) return withoutInclude(root);
    let merged: MapNode | null = null;
    for (const include of this.#reader.value(includeKeyword, includes) ?? []) {
      for (const file of this.#filesOf(include)) {
        const below = this.#includedFile(file, include, steps);
        if (below !== null) merged = merged === null ? below : deepMerge(merged, below);
      }
    }
    const own = withoutInclude(root);
    return merged === null ? own : deepMerge(merged, own);
  }

  #parse(file: string, text: string, steps: readonly Step[]): MapNode | null {
    const known = this.#parsed.get(file);
    if (known !== undefined) return known;
    this.#sources.set(file, text);
    this.#chains.set(
      file,
      steps.flatMap((step) => step.via ?? []),
    );
    const document = parseSourceDocument(file, text, this.#reader.sink);
    const root = document && liftJobs(document.root, this.#reader.sink);
    this.#hasReferences ||= document?.hasReferences ?? false;
    if (document === null) expectMissingNames(this.#reader.sink);
    this.#parsed.set(file, root);
    return root;
  }

  #filesOf(include: Include): readonly string[] {
    if (include.rules !== null) {
      const decision = evaluateRules(include.rules, {
        variables: this.#variables,
        changedFiles: this.#context.changedFiles,
        listFiles: () => this.#files.list(),
      });
      if (decision.matched === null || decision.matched.when === 'never') return [];
    }
    const path = expandText(include.local, (name) => this.#variables[name]).replace(/^\/+/, '');
    if (!path.includes('*')) return [path];
    return this.#files
      .list()
      .filter((file) => hasYamlExtension(file) && matchGlob(path, file) && !this.#sources.has(file))
      .toSorted();
  }

  #includedFile(file: string, include: Include, steps: readonly Step[]): MapNode | null {
    if (this.#isCircular(file, include, steps)) return null;
    this.#included++;
    if (this.#included > limits.includes) {
      const message = `maximum of ${limits.includes} nested includes are allowed!`;
      this.#reader.sink.report(codes.tooManyIncludes, { message, span: include.span });
      return null;
    }
    const text = this.#textOf(file, include);
    return text === null ? null : this.#document({ file, via: include.span }, text, steps);
  }

  #isCircular(file: string, include: Include, steps: readonly Step[]): boolean {
    const start = steps.findIndex((step) => step.file === file);
    if (start === -1) return false;
    const cycle = [...steps.slice(start).map((step) => step.file), file];
    this.#reader.sink.report(codes.includeCycle, {
      message: `files include each other: ${cycle.join(' -> ')}`,
      span: include.span,
      related: steps
        .slice(start + 1)
        .flatMap((step) => (step.via ? [{ span: step.via, message: `includes ${step.file}` }] : [])),
    });
    return true;
  }

  #textOf(file: string, include: Include): string | null {
    const known = this.#sources.get(file);
    if (known !== undefined) return known;
    const text = hasYamlExtension(file) && !file.split('/').includes('..') ? this.#files.read(file) : null;
    if (text !== null && text.trim() !== '') return text;
    const shown = quote(file);
    let message = `local file ${shown} does not exist!`;
    if (text !== null) message = `included file ${shown} is empty!`;
    else if (!hasYamlExtension(file)) message = `included file ${shown} does not have YAML extension!`;
    this.#reader.sink.report(codes.includeMissing, {
      message,
      span: include.span,
      help: 'paths are relative to the root of the repository',
    });
    expectMissingNames(this.#reader.sink);
    return null;
  }
}

const hasYamlExtension = (file: string): boolean => /\.ya?ml$/.test(file);

function withoutInclude(root: MapNode): MapNode {
  if (!root.entries.has('include')) return root;
  const entries = new Map<string, MapEntry>(root.entries);
  entries.delete('include');
  return mapNode(root, entries);
}
