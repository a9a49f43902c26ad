import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { type CheckResult, checkPipeline, type PipelineContext } from '../src/index.ts';

/**
 * One case: a YAML stream whose first document is the pipeline. `--- # file: PATH` begins another file of the
 * repository, `--- # context` says what is known of the run, and `--- # expect` what must come out.
 */
export interface CaseFile {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly context: Partial<PipelineContext>;
  readonly expect: unknown;
}

const rootFile = 'pipeline.yml';

/** All cases of a folder. */
export function readCases(folder: string): CaseFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yml'))
    .toSorted()
    .map((file) =>
      parseCase(file.replace(/\.yml$/, '').replaceAll('-', ' '), readFileSync(join(folder, file), 'utf8')),
    );
}

/** Splits a case into its sections. */
export function parseCase(name: string, text: string): CaseFile {
  const [root = '', ...sections] = text.split(/^--- # (.+)\n/m);
  const files = new Map([[rootFile, root]]);
  let context = {};
  let expect: unknown;
  for (let index = 0; index < sections.length; index += 2) {
    const [title = '', content = ''] = [sections[index], sections[index + 1]];
    if (title.startsWith('file: ')) files.set(title.slice('file: '.length), content);
    else if (title === 'context') context = parseDocument(content).toJS();
    else if (title === 'expect') expect = parseDocument(content).toJS();
    else throw new Error(`${name}: unknown section ${title}`);
  }
  return { name, files, context, expect };
}

/** Checks the pipeline of a case. */
export function checkCase({ files, context }: Pick<CaseFile, 'files' | 'context'>): CheckResult {
  return checkPipeline({
    file: rootFile,
    text: files.get(rootFile) ?? '',
    files: { read: (path) => files.get(path) ?? null, list: () => [...files.keys()] },
    context: { predefined: {}, pipelineVariables: {}, changedFiles: null, ...context },
  });
}

/** Checks a text that includes nothing. */
export const checkText = (text: string): CheckResult => checkCase({ files: new Map([[rootFile, text]]), context: {} });
