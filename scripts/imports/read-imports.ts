import { parseAst } from 'rolldown/parseAst';
import { isNode, visit } from '../syntax/visit-ast.ts';

/** An import or re-export of a file, types included. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Every specifier a TypeScript text imports, in whatever form. */
export function readImports(text: string): readonly Import[] {
  const imports: Import[] = [];
  visit(parseAst(text, { lang: 'ts', sourceType: 'module' }), (node) => {
    const source = node['source'] ?? node['argument'];
    if (!importing.has(String(node['type'])) || !isNode(source)) return;
    // A type import wraps its string in a literal type in some versions of the parser.
    const literal = isNode(source['literal']) ? source['literal'] : source;
    if (typeof literal['value'] !== 'string') return;
    imports.push({ specifier: literal['value'], line: text.slice(0, Number(literal['start'])).split('\n').length });
  });
  return imports;
}

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);
