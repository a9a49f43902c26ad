import { failure, limits, type Result, success, type VariablePlan } from '@xx-pipeline/common';
import { expandText } from './expand-text.ts';
import { splitReferences, type ValuePart } from './references.ts';

/** Variables by name. */
export type VariableLayer = Readonly<Record<string, VariablePlan>>;

/** Why variables cannot be expanded; the message is for people. */
export interface ExpansionProblem {
  readonly message: string;
}

/** All expanded values together may not be longer: references to references can double at every step. */
const maxExpandedLength = limits.expandedValue;

/**
 * Expands layers of variables, the weakest first, to one set of values. Two stages give what GitLab's server and runner
 * give together: first every reference to a defined variable is replaced by that variable's own first-stage value,
 * whatever the order of definition; then `$$` becomes `$` and what is undefined vanishes. Raw values are never looked
 * into, and are inserted as they are. A variable that refers to itself means the one of the same name in a weaker layer.
 */
export function expandVariables(layers: readonly VariableLayer[]): Result<Record<string, string>, ExpansionProblem> {
  const top = collect(layers);
  const linked = expandReferences(top);
  if (!linked.ok) return linked;
  const expanded: [string, string][] = [];
  let length = 0;
  for (const [name, node] of top) {
    const linked = node.linked ?? '';
    const value = node.raw ? linked : expandText(linked, (other) => lookUp(top, name, other));
    if (!node.raw) length += value.length;
    if (length > maxExpandedLength) return tooLong(name);
    expanded.push([name, value]);
  }
  return success(Object.fromEntries(expanded));
}

/** One definition of one variable. */
interface VariableNode {
  readonly name: string;
  readonly value: string;
  readonly raw: boolean;
  /** The definition of the same name in the next weaker layer that has one. */
  readonly weaker: VariableNode | null;
  /** The value after the first stage. */
  linked: string | null;
  state: 'new' | 'open' | 'done';
}

function collect(layers: readonly VariableLayer[]): Map<string, VariableNode> {
  const top = new Map<string, VariableNode>();
  for (const layer of layers) {
    for (const [name, { value, raw = false }] of Object.entries(layer)) {
      const weaker = top.get(name) ?? null;
      top.set(name, { name, value, raw, weaker, linked: raw ? value : null, state: raw ? 'done' : 'new' });
    }
  }
  return top;
}

/** The first stage, depth first with a stack of its own: chains may be longer than the machine's stack. */
function expandReferences(top: ReadonlyMap<string, VariableNode>): Result<null, ExpansionProblem> {
  let length = 0;
  for (const start of top.values()) {
    const open: { node: VariableNode; parts: ValuePart[]; waiting: VariableNode[] }[] = [];
    const enter = (node: VariableNode) => {
      node.state = 'open';
      const parts = splitReferences(node.value);
      const waiting = parts.flatMap((part) => target(top, node, part.name) ?? []);
      open.push({ node, parts, waiting });
    };
    if (start.state === 'new') enter(start);
    for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
      const next = current.waiting.pop();
      if (next === undefined) {
        const { node, parts } = current;
        const pieces = parts.map((part) => replacement(top, node, part));
        for (const piece of pieces) length += piece.length;
        if (length > maxExpandedLength) return tooLong(node.name);
        node.linked = pieces.join('');
        node.state = 'done';
        open.pop();
      } else if (next.state === 'new') {
        enter(next);
      } else if (next.state === 'open') {
        const cycle = open.map(({ node }) => node);
        const names = new Set(cycle.slice(cycle.indexOf(next)).map(({ name }) => name));
        return failure({ message: `circular variable reference detected: ${JSON.stringify([...names])}` });
      }
    }
  }
  return success(null);
}

/** Whose first-stage value replaces a reference in the first stage; null leaves it to the second one. */
function target(top: ReadonlyMap<string, VariableNode>, from: VariableNode, name: string | null): VariableNode | null {
  if (name === null) return null;
  const node = name === from.name ? from.weaker : (top.get(name) ?? null);
  return node === null || node.raw ? null : node;
}

function replacement(top: ReadonlyMap<string, VariableNode>, from: VariableNode, { name, text }: ValuePart): string {
  // Only here is it known which of the weaker values is meant; doubling each `$` carries it through the second stage.
  if (name === from.name && from.weaker?.raw === true) return from.weaker.value.replaceAll('$', '$$$$');
  return target(top, from, name)?.linked ?? text;
}

/** The second stage sees first-stage values; a variable never sees itself. */
function lookUp(top: ReadonlyMap<string, VariableNode>, from: string, name: string): string | undefined {
  return name === from ? undefined : (top.get(name)?.linked ?? undefined);
}

function tooLong(name: string): Result<never, ExpansionProblem> {
  return failure({ message: `the variables grow beyond 1 MB when expanded (at "${name}")` });
}
