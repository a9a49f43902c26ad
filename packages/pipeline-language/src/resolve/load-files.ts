import type { Span } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { expectMissingNames } from '../diagnostics/missing-names.ts';
import { type Include, include as includeKeyword } from '../keys/include.ts';
import type { Reader } from '../keys/Keyword.ts';
import { evaluateRules } from '../rules/evaluate-rules.ts';
import { matchGlob } from '../rules/glob.ts';
import type { FileProvider } from '../source/FileProvider.ts';
import { type FetchedFiles, type FileRef, fileName, type Origin } from '../source/FileRef.ts';
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
  /** Included files of other origins whose text is not known yet. */
  readonly missing: readonly FileRef[];
}

/** The root file, and the texts that are known. */
export interface FilesInput {
  readonly file: string;
  readonly origin?: Origin;
  readonly text: string;
  readonly files: FileProvider;
  readonly fetched?: FetchedFiles;
  readonly context: PipelineContext;
}

/** A file on the way from the root file to the one being read, and the include that named it. */
interface Step {
  readonly file: FileRef;
  readonly via: Span | null;
}

/** Reads a file and everything it includes: included files first, in order, the including file over them. */
export function loadFiles(input: FilesInput, reader: Reader): LoadedFiles {
  return new FileLoader(input, reader).load({ origin: input.origin ?? null, path: input.file }, input.text);
}

class FileLoader {
  readonly #files: FileProvider;
  readonly #fetched: FetchedFiles;
  readonly #variables: Record<string, string>;
  readonly #context: PipelineContext;
  readonly #reader: Reader;
  readonly #sources = new Map<string, string>();
  readonly #chains = new Map<string, readonly Span[]>();
  readonly #parsed = new Map<string, MapNode | null>();
  readonly #missing = new Map<string, FileRef>();
  #included = 0;
  #hasReferences = false;

  constructor({ files, fetched = new Map(), context }: FilesInput, reader: Reader) {
    this.#files = files;
    this.#fetched = fetched;
    this.#context = context;
    this.#variables = { ...context.predefined, ...context.pipelineVariables };
    this.#reader = reader;
  }

  load(file: FileRef, text: string): LoadedFiles {
    const root = this.#document({ file, via: null }, text, []);
    return {
      root,
      hasReferences: this.#hasReferences,
      sources: this.#sources,
      includeChains: this.#chains,
      missing: [...this.#missing.values()],
    };
  }

  #document(step: Step, text: string, path: readonly Step[]): MapNode | null {
    const steps = [...path, step];
    const root = this.#parse(fileName(step.file), text, steps);
    if (root === null) return null;
    const includes = presentValue(root, 'include');
    if (includes === undefined) return withoutInclude(root);
    let merged: MapNode | null = null;
    for (const include of this.#reader.value(includeKeyword, includes) ?? []) {
      for (const file of this.#filesOf(include, step.file.origin)) {
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

  /** A local include is a file of the origin that includes it. */
  #filesOf(include: Include, origin: Origin): readonly FileRef[] {
    if (include.rules !== null) {
      const decision = evaluateRules(include.rules, {
        variables: this.#variables,
        changedFiles: this.#context.changedFiles,
        listFiles: () => this.#files.list(),
      });
      if (decision.matched === null || decision.matched.when === 'never') return [];
    }
    const path = expandText(include.local, (name) => this.#variables[name]).replace(/^\/+/, '');
    // Only the tree itself can be listed: elsewhere a wildcard is a name that no file has.
    if (origin !== null || !path.includes('*')) return [{ origin, path }];
    return this.#files
      .list()
      .filter((file) => hasYamlExtension(file) && matchGlob(path, file) && !this.#sources.has(nameInTree(file)))
      .toSorted()
      .map((file) => ({ origin, path: file }));
  }

  #includedFile(file: FileRef, include: Include, steps: readonly Step[]): MapNode | null {
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

  #isCircular(file: FileRef, include: Include, steps: readonly Step[]): boolean {
    const name = fileName(file);
    const start = steps.findIndex((step) => fileName(step.file) === name);
    if (start === -1) return false;
    const cycle = [...steps.slice(start).map((step) => fileName(step.file)), name];
    this.#reader.sink.report(codes.includeCycle, {
      message: `files include each other: ${cycle.join(' -> ')}`,
      span: include.span,
      related: steps
        .slice(start + 1)
        .flatMap((step) => (step.via ? [{ span: step.via, message: `includes ${fileName(step.file)}` }] : [])),
    });
    return true;
  }

  #textOf(file: FileRef, include: Include): string | null {
    const name = fileName(file);
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const text = this.#read(file);
    if (text === undefined) {
      this.#missing.set(name, file);
      expectMissingNames(this.#reader.sink);
      return null;
    }
    if (text !== null && text.trim() !== '') return text;
    const shown = quote(name);
    let message = `local file ${shown} does not exist!`;
    if (text !== null) message = `included file ${shown} is empty!`;
    else if (!hasYamlExtension(file.path)) message = `included file ${shown} does not have YAML extension!`;
    this.#reader.sink.report(codes.includeMissing, {
      message,
      span: include.span,
      help: 'paths are relative to the root of the repository',
    });
    expectMissingNames(this.#reader.sink);
    return null;
  }

  /** null: there is no such file; undefined: it has not been fetched yet. */
  #read({ origin, path }: FileRef): string | null | undefined {
    if (!hasYamlExtension(path) || path.split('/').includes('..')) return null;
    return origin === null ? this.#files.read(path) : this.#fetched.get(fileName({ origin, path }));
  }
}

const nameInTree = (path: string): string => fileName({ origin: null, path });

const hasYamlExtension = (file: string): boolean => /\.ya?ml$/.test(file);

function withoutInclude(root: MapNode): MapNode {
  if (!root.entries.has('include')) return root;
  const entries = new Map<string, MapEntry>(root.entries);
  entries.delete('include');
  return mapNode(root, entries);
}
