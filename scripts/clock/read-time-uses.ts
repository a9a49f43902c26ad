import { parseAst } from 'rolldown/parseAst';
import { isNode, type Node, visit } from '../syntax/visit-ast.ts';

/** A place in a text that reads the time of the system or waits for it. */
export interface TimeUse {
  readonly name: string;
  readonly line: number;
}

const functions: ReadonlySet<string> = new Set(['setTimeout', 'setInterval']);
const methods: ReadonlySet<string> = new Set(['Date.now', 'performance.now', 'AbortSignal.timeout', 'process.hrtime']);
/** Waiting without a time. */
const harmless: ReadonlySet<string> = new Set(['setImmediate']);

/** Every use of the system's time in a TypeScript text: timers, `Date.now()`, `new Date()`, `AbortSignal.timeout()`. */
export function readTimeUses(text: string): readonly TimeUse[] {
  const uses: TimeUse[] = [];
  visit(parseAst(text, { lang: 'ts', sourceType: 'module' }), (node) => {
    const name = nameOfUse(node);
    if (name !== null) uses.push({ name, line: text.slice(0, Number(node['start'])).split('\n').length });
  });
  return uses;
}

function nameOfUse(node: Node): string | null {
  switch (node['type']) {
    case 'CallExpression': {
      const callee = nameOf(node['callee']).replace(/^globalThis\./, '');
      return functions.has(callee) ? callee : null;
    }
    case 'MemberExpression':
      return methods.has(nameOf(node)) ? nameOf(node) : null;
    case 'NewExpression': {
      const isNow =
        nameOf(node['callee']) === 'Date' && Array.isArray(node['arguments']) && node['arguments'].length === 0;
      return isNow ? 'new Date()' : null;
    }
    case 'ImportDeclaration':
      return importsTimers(node) ? 'node:timers' : null;
    default:
      return null;
  }
}

/** `a` or `a.b`; empty for anything else. */
function nameOf(value: unknown): string {
  if (!isNode(value)) return '';
  if (value['type'] === 'Identifier') return String(value['name']);
  if (value['type'] !== 'MemberExpression' || value['computed'] === true) return '';
  return `${nameOf(value['object'])}.${nameOf(value['property'])}`;
}

function importsTimers(node: Node): boolean {
  const source = isNode(node['source']) ? String(node['source']['value']) : '';
  if (!/^(node:)?timers(\/promises)?$/.test(source)) return false;
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'] : [];
  return !specifiers.every((specifier) => isNode(specifier) && harmless.has(nameOf(specifier['imported'])));
}
