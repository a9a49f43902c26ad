import { parseAst } from 'rolldown/parseAst';

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

type Node = Record<string, unknown>;

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (isNode(value)) {
    see(value);
    for (const child of Object.values(value)) if (typeof child === 'object') visit(child, see);
  }
}
