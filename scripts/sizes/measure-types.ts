import { parseAst } from 'rolldown/parseAst';
import { isNode, type Node, visit } from '../syntax/visit-ast.ts';

/** A class with its lines, or a bag of parts with its members. */
export interface MeasuredType {
  readonly kind: 'class' | 'bag';
  readonly name: string;
  readonly line: number;
  readonly size: number;
}

/** Names of types that only hand values to a constructor or a function. */
const bagName = /(Parts|Options|Input|Surroundings|Context|Deps)$/;

/** The classes of a TypeScript text, and the types and interfaces whose names say that they are bags of parts. */
export function measureTypes(text: string): readonly MeasuredType[] {
  const found: MeasuredType[] = [];
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  visit(parseAst(text, { lang: 'ts', sourceType: 'module' }), (node) => {
    const [start, end] = [Number(node['start']), Number(node['end'])];
    const id = node['id'];
    const name = isNode(id) ? String(id['name']) : '(anonymous)';
    if (node['type'] === 'ClassDeclaration' || node['type'] === 'ClassExpression') {
      found.push({ kind: 'class', name, line: lineOf(start), size: lineOf(end) - lineOf(start) + 1 });
    }
    const members = membersOf(node);
    if (members !== null && bagName.test(name)) {
      found.push({ kind: 'bag', name, line: lineOf(start), size: members.length });
    }
  });
  return found;
}

function membersOf(node: Node): readonly unknown[] | null {
  const list =
    node['type'] === 'TSInterfaceDeclaration' && isNode(node['body'])
      ? node['body']['body']
      : node['type'] === 'TSTypeAliasDeclaration' && isNode(node['typeAnnotation'])
        ? node['typeAnnotation']['members']
        : null;
  return Array.isArray(list) ? list : null;
}
