import type { ImportGraph, ImportProblem } from './ImportGraph.ts';

/** An import between two children of a folder. */
interface Crossing {
  readonly file: string;
  readonly line: number;
  readonly to: string;
}

/** What the children of one folder import of each other: importing child, imported child, the imports. */
type Siblings = Map<string, Map<string, Crossing[]>>;

/**
 * Finds folders below packages/NAME/src whose children import each other in a circle. A child is a file or a subfolder with
 * all that is in it, so a folder that imports a file above it which in turn needs the folder is such a circle too.
 * Reports the fewest imports it can find whose removal leaves no circle.
 */
export function findFolderCycles(graph: ImportGraph, exceptions: ReadonlySet<string>): readonly ImportProblem[] {
  const problems: ImportProblem[] = [];
  const seen = new Set<string>();
  for (const [folder, siblings] of groupByFolder(graph)) {
    const found = breakCycles(folder, siblings);
    if (found.length === 0) continue;
    if (exceptions.has(folder)) seen.add(folder);
    else problems.push(...found);
  }
  for (const folder of exceptions) {
    if (seen.has(folder)) continue;
    const message =
      'has no import cycle any more: remove it from `knownFolderCycles` in scripts/imports/import-table.ts';
    problems.push({ at: folder, message });
  }
  return problems;
}

function groupByFolder(graph: ImportGraph): ReadonlyMap<string, Siblings> {
  const folders = new Map<string, Siblings>();
  for (const [file, edges] of graph) {
    for (const { to, line } of edges) {
      const [from, target] = [file.split('/'), to.split('/')];
      const depth = from.findIndex((name, index) => name !== target[index]);
      // The common folder must be packages/NAME/src or below it.
      if (depth < 3 || from[0] !== 'packages' || from[2] !== 'src') continue;
      const [child = '', sibling = ''] = [from[depth], target[depth]];
      const siblings = getOrAdd(folders, from.slice(0, depth).join('/'), (): Siblings => new Map());
      const targets = getOrAdd(siblings, child, () => new Map<string, Crossing[]>());
      getOrAdd(targets, sibling, (): Crossing[] => []).push({ file, line, to });
    }
  }
  return folders;
}

/** Removes, circle by circle, the step with the fewest imports; a problem for every import of such a step. */
function breakCycles(folder: string, siblings: Siblings): readonly ImportProblem[] {
  const problems: ImportProblem[] = [];
  for (;;) {
    const cycle = findCycle(siblings);
    if (cycle === null) return problems;
    const steps = cycle.map((child, index) => ({ child, next: cycle[(index + 1) % cycle.length] ?? child }));
    const importsOf = ({ child, next }: { child: string; next: string }) => siblings.get(child)?.get(next) ?? [];
    const [weakest] = steps.toSorted((a, b) => importsOf(a).length - importsOf(b).length);
    if (weakest === undefined) return problems;
    const path = [...cycle, cycle[0]].join(' -> ');
    // A circle of files alone is reported as an import cycle.
    const isOfFiles = cycle.every((child) => child.endsWith('.ts'));
    for (const { file, line, to } of isOfFiles ? [] : importsOf(weakest)) {
      problems.push({
        at: `${file}:${line}`,
        message: `folder cycle in ${folder}: ${path}. Remove this import of ${to}, or move what it needs to where both may import it`,
      });
    }
    siblings.get(weakest.child)?.delete(weakest.next);
  }
}

/** A shortest circle among the children, or null. */
function findCycle(siblings: Siblings): readonly string[] | null {
  let shortest: readonly string[] | null = null;
  for (const start of siblings.keys()) {
    const cycle = wayBack(siblings, start);
    if (cycle !== null && (shortest === null || cycle.length < shortest.length)) shortest = cycle;
  }
  return shortest;
}

/** The shortest way from a child back to itself, breadth first. */
function wayBack(siblings: Siblings, start: string): readonly string[] | null {
  const ways: string[][] = [[start]];
  const visited = new Set<string>();
  for (const way of ways) {
    for (const next of siblings.get(way.at(-1) ?? start)?.keys() ?? []) {
      if (next === start) return way;
      if (visited.has(next)) continue;
      visited.add(next);
      ways.push([...way, next]);
    }
  }
  return null;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
