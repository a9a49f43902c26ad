import { parseAst } from 'rolldown/parseAst';
import { isNode, type Node } from '../syntax/visit-ast.ts';

/** A use of a global of the platform. */
export interface GlobalUse {
  readonly name: string;
  readonly line: number;
}

/** Globals that Node has and a browser does not, types included. */
const nodeGlobals: ReadonlySet<string> = new Set([
  'Buffer',
  'NodeJS',
  '__dirname',
  '__filename',
  'clearImmediate',
  'global',
  'process',
  'require',
  'setImmediate',
]);

const mentionsOne = new RegExp(`\\b(${[...nodeGlobals].join('|')})\\b`);

/**
 * Every use of a global of Node in a TypeScript text, also as `globalThis.x`. A name that the file declares anywhere
 * counts as its own: no scopes are computed.
 */
export function readNodeGlobals(text: string): readonly GlobalUse[] {
  if (!mentionsOne.test(text)) return [];
  const declared = new Set<string>();
  const found: { readonly name: string; readonly start: number }[] = [];
  const visit = (value: unknown, position: Position): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, position);
    if (!isNode(value)) return;
    if (value['type'] === 'Identifier' && position !== 'label') {
      const name = String(value['name']);
      if (position === 'binding') declared.add(name);
      else if (nodeGlobals.has(name)) found.push({ name, start: Number(value['start']) });
    }
    for (const [key, child] of Object.entries(value)) {
      if (typeof child === 'object') visit(child, positionOf(value, key, position));
    }
  };
  visit(parseAst(text, { lang: 'ts', sourceType: 'module' }), 'reference');
  return found
    .filter(({ name }) => !declared.has(name))
    .map(({ name, start }) => ({ name, line: text.slice(0, start).split('\n').length }));
}

/** A name is declared here, refers to something, or is only the label of a property. */
type Position = 'binding' | 'reference' | 'label';

/** The position of the names in one child of a node; `own` is the position of the node itself. */
function positionOf(node: Node, key: string, own: Position): Position {
  switch (node['type']) {
    case 'MemberExpression':
      return key === 'property' && node['computed'] !== true && !isGlobalThis(node['object']) ? 'label' : 'reference';
    case 'TSQualifiedName':
      return key === 'right' ? 'label' : 'reference';
    case 'Property':
      if (key === 'key') return node['computed'] === true ? 'reference' : 'label';
      return own;
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'RestElement':
    case 'ParenthesizedExpression':
      return own;
    case 'AssignmentPattern':
      return key === 'left' ? own : 'reference';
    case 'TSTypeParameterInstantiation':
      return 'reference';
    case 'VariableDeclarator':
      return key === 'id' ? 'binding' : 'reference';
    case 'CatchClause':
      return key === 'param' ? 'binding' : 'reference';
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return key === 'local' ? 'binding' : 'label';
    case 'ExportSpecifier':
      return key === 'local' ? 'reference' : 'label';
    default:
      if (key === 'params' || (key === 'id' && own === 'reference')) return 'binding';
      return key === 'key' && node['computed'] !== true ? 'label' : 'reference';
  }
}

const isGlobalThis = (value: unknown): boolean =>
  isNode(value) && value['type'] === 'Identifier' && value['name'] === 'globalThis';
