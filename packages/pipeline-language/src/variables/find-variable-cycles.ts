import type { VariablePlan } from '@xx-pipeline/common';
import { splitReferences } from './references.ts';

/**
 * Groups of two or more variables that refer to each other in a circle, each in order of definition.
 * A variable that refers to itself is no cycle: it means a weaker one of the same name.
 */
export function findVariableCycles(variables: Readonly<Record<string, VariablePlan>>): string[][] {
  const names = Object.keys(variables);
  const references = new Map(names.map((name) => [name, referencesOf(name, variables)]));
  return strongComponents(names, references).filter((group) => group.length > 1);
}

function referencesOf(name: string, variables: Readonly<Record<string, VariablePlan>>): string[] {
  const variable = variables[name];
  if (variable === undefined || variable.raw === true || !/[$%]/.test(variable.value)) return [];
  const found = new Set<string>();
  for (const part of splitReferences(variable.value)) {
    if (part.name !== null && part.name !== name && Object.hasOwn(variables, part.name)) found.add(part.name);
  }
  return [...found];
}

/** Tarjan's strongly connected components with a stack of its own, so that long chains do no harm. */
function strongComponents(names: readonly string[], edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map(names.map((name, index) => [name, index]));
  const discovered = new Map<string, number>();
  const lowest = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const lower = (name: string, value: number) => lowest.set(name, Math.min(lowest.get(name) ?? value, value));

  for (const start of names) {
    if (discovered.has(start)) continue;
    const path: { name: string; next: number }[] = [];
    const enter = (name: string) => {
      discovered.set(name, discovered.size);
      lower(name, discovered.size - 1);
      stack.push(name);
      onStack.add(name);
      path.push({ name, next: 0 });
    };
    enter(start);
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const to = edges.get(frame.name)?.[frame.next];
      frame.next += 1;
      if (to !== undefined) {
        if (!discovered.has(to)) enter(to);
        else if (onStack.has(to)) lower(frame.name, discovered.get(to) ?? 0);
        continue;
      }
      path.pop();
      const low = lowest.get(frame.name) ?? 0;
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.name, low);
      if (low !== discovered.get(frame.name)) continue;
      const group = stack.splice(stack.lastIndexOf(frame.name));
      for (const member of group) onStack.delete(member);
      groups.push(group.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)));
    }
  }
  return groups;
}
