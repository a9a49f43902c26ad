// libyaml, and so GitLab, ignores indentation inside brackets and quotes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiagnosticSink } from '../../src/diagnostics/DiagnosticSink.ts';
import { indentFlowLines } from '../../src/syntax/indent-flow-lines.ts';
import type { YamlNode } from '../../src/syntax/nodes.ts';
import { parseSourceDocument } from '../../src/syntax/SourceDocument.ts';

const word = fc.stringMatching(/^[a-z][a-z' -]{0,6}[a-z]$/);
const text = fc.oneof(
  word,
  word.map((value) => JSON.stringify(value)),
  fc.constantFrom("'it''s ['", '"]"', '"a: b #"', "'{'"),
);
const { value } = fc.letrec<{ value: readonly string[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text.map((token) => [token]),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => ['[', ...separated(items), ']']),
    fc
      .uniqueArray(fc.tuple(word, tie('value')), { maxLength: 3, selector: ([key]) => key })
      .map((entries) => ['{', ...separated(entries.map(([key, item]) => [`${key}: `, ...item])), '}']),
  ),
}));
const gap = fc.oneof(
  fc.constant(' '),
  fc.nat(6).map((column) => `\n${' '.repeat(column)}`),
  fc.constant(' # not a ] or "\n'),
);

test('a collection in brackets means the same whatever column its lines begin in', () => {
  fc.assert(
    fc.property(value, fc.array(gap, { minLength: 40, maxLength: 40 }), (tokens, gaps) => {
      const onOneLine = `top:\n  key: [${tokens.join(' ')}]\n  next: [x]\n`;
      const lines = tokens.map(
        (token, index) => token + (token.endsWith(': ') ? '' : (gaps[index % gaps.length] ?? '')),
      );
      const onMany = `top:\n  key: [${lines.join('')}]\n  next: [x]\n`;
      assert.deepEqual(readValue(onMany), readValue(onOneLine), onMany);
    }),
    { numRuns: 300 },
  );
});

test('positions in an indented text lead back to the same characters', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('[', ']', '\n', ' ', 'a', '"', "'", ',', ': ', '- ', '#', '|'), { maxLength: 60 }),
      (parts) => {
        const original = parts.join('');
        const indented = indentFlowLines(original, 10_000);
        if (indented === null) return;
        let back = '';
        for (let position = 0, last = -1; position < indented.text.length; position++) {
          const at = indented.toOriginal(position);
          assert.ok(at >= last);
          if (at > last) back += indented.text[position] === original[at] ? original[at] : '';
          last = at;
          if (indented.text[position] !== original[at]) last = at - 1;
        }
        assert.equal(back, original);
      },
    ),
    { numRuns: 500 },
  );
});

test('a hostile text of two megabytes is scanned at once', () => {
  for (const piece of ['["a",', "['", '- "a" ', 'a: [', '[\n', '{a: "\n', '&a ', 'a [', '#', '|\n', 'a\n b\n']) {
    indentFlowLines(piece.repeat(2_000_000 / piece.length), 4_000_000);
  }
});

const separated = (items: readonly (readonly string[])[]): readonly string[] =>
  items.flatMap((item, index) => (index === 0 ? item : [',', ...item]));

function readValue(source: string): unknown {
  const document = parseSourceDocument('file.yml', source, new DiagnosticSink());
  return document === null ? source : plain(document.root);
}

function plain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'seq') return node.items.map(plain);
  if (node.kind === 'map')
    return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
  return node;
}
