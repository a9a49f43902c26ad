import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '@xx-pipeline/common';
import { renderDiagnostics } from '../src/index.ts';
import { checkCase, checkText } from './case-file.ts';

const shown = (text: string, width = 80) => {
  const { diagnostics, sources } = checkText(text);
  return renderDiagnostics(diagnostics, sources, { color: false, width });
};

test('a problem is shown with its place, the source around it and what to do', () => {
  assert.equal(
    shown('job:\n  scirpt: [make]\n  script: [make]\n'),
    [
      'error[XX1201]: unknown keyword `scirpt`: job `job` config contains unknown keys: scirpt',
      ' --> pipeline.yml:2:3',
      '  |',
      '2 |   scirpt: [make]',
      '  |   ^^^^^^',
      '  = help: did you mean `script`?',
      '',
    ].join('\n'),
  );
});

test('a cycle is shown with every edge', () => {
  assert.equal(
    shown('a: {needs: [b], script: [make]}\nb: {needs: [a], script: [make]}\n'),
    [
      'error[XX1404]: the pipeline has circular dependencies: a -> b -> a',
      ' --> pipeline.yml:1:13',
      '  |',
      '1 | a: {needs: [b], script: [make]}',
      '  |             ^',
      ' ::: pipeline.yml:2:13',
      '  |',
      '2 | b: {needs: [a], script: [make]}',
      '  |             - `b` needs `a`',
      '  = help: remove one of these needs',
      '',
    ].join('\n'),
  );
});

test('a problem in an included file names the includes that led there', () => {
  const { diagnostics, sources } = checkCase({
    files: new Map([
      ['pipeline.yml', 'include: a.yml\njob: {script: [make]}\n'],
      ['a.yml', '\ninclude: b.yml\n'],
      ['b.yml', 'other: {script: [make], timeout: 5}\n'],
    ]),
    context: {},
  });
  const text = renderDiagnostics(diagnostics, sources, { color: false });
  assert.match(text, /--> b\.yml:1:34\n/);
  assert.match(text, / = included from a\.yml:2:10\n {2}= included from pipeline\.yml:1:10\n {2}= help/);
});

test('colour is only added where it is asked for', () => {
  const { diagnostics, sources } = checkText('job: {}');
  assert.ok(renderDiagnostics(diagnostics, sources, { color: true }).startsWith('\u001b[1;31merror[XX1302]\u001b[0m'));
  assert.doesNotMatch(renderDiagnostics(diagnostics, sources, { color: false }), /\u001b/);
});

test('nothing in a file can steer the terminal', () => {
  const text = shown('job: {script: [make], "a\\e[2J\u0085\u202eb\u009b31m": 1}\n');
  assert.match(text, /unknown keyword/);
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('a long line is cut around the place', () => {
  const text = shown(`job: {script: [${'x, '.repeat(500)}make], colour: ${'y'.repeat(500)}}\n`, 60);
  const [, , , line = '', underline = ''] = text.split('\n');
  assert.ok(line.length <= 60, line);
  assert.equal(line.slice(underline.indexOf('^'), underline.lastIndexOf('^') + 1), 'colour');
});

test('wide characters before the place do not shift the mark', () => {
  const [, , , line = '', underline = ''] = shown('job: {script: [日本], colour: 1}\n').split('\n');
  assert.equal(underline.indexOf('^'), line.indexOf('colour') + 2);
});

test('a problem in a file that is not at hand is shown without its source', () => {
  const found: Diagnostic = {
    code: 'XX1',
    severity: 'error',
    message: 'm',
    span: { file: 'gone.yml', start: 5, end: 6 },
  };
  assert.equal(renderDiagnostics([found], new Map(), { color: false }), 'error[XX1]: m\n --> gone.yml\n');
});
