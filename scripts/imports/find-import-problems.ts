import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { listSources } from '../syntax/list-sources.ts';
import { findFolderCycles } from './find-folder-cycles.ts';
import type { ImportEdge, ImportGraph, ImportProblem } from './ImportGraph.ts';
import { inner, knownFolderCycles, type Zone, zones } from './import-table.ts';
import { readNodeGlobals } from './read-globals.ts';
import { readImports } from './read-imports.ts';

/**
 * Checks every TypeScript file below `root` against the import table: zones, doors, purity, cycles of files, cycles of folders
 * apart from the known ones.
 */
export function findImportProblems(
  root: string,
  knownCycles: ReadonlySet<string> = knownFolderCycles,
): readonly ImportProblem[] {
  const doors = readDoors(root);
  const problems: ImportProblem[] = [];
  const graph = new Map<string, ImportEdge[]>();

  for (const file of listSources(root, ['packages', 'test', 'bench', 'scripts'])) {
    const zone = zoneOf(file);
    if (zone === undefined) {
      problems.push({
        at: `${file}:1`,
        message: 'belongs to no zone of the import table (scripts/imports/import-table.ts)',
      });
      continue;
    }
    const edges: ImportEdge[] = [];
    graph.set(file, edges);
    const text = readFileSync(join(root, file), 'utf8');
    if (zone.pure) {
      for (const { name, line } of readNodeGlobals(text)) {
        const message = `${zone.name} also runs in browsers: it may not use the global ${name} of Node`;
        problems.push({ at: `${file}:${line}`, message });
      }
    }
    for (const { specifier, line } of readImports(text)) {
      const at = `${file}:${line}`;
      if (isBuiltin(specifier)) {
        if (zone.pure) problems.push({ at, message: `${zone.name} does no I/O: it may not import ${specifier}` });
        continue;
      }
      const target = resolveSpecifier(file, specifier, doors);
      if (target === null) continue;
      if ('problem' in target) {
        problems.push({ at, message: target.problem });
        continue;
      }
      edges.push({ to: target.file, line });
      const message = forbidden(file, zone, target.file, specifier);
      if (message !== null) problems.push({ at, message });
    }
  }
  return [...problems, ...findCycles(graph), ...findFolderCycles(graph, knownCycles)];
}

function forbidden(file: string, zone: Zone, target: string, specifier: string): string | null {
  const other = zoneOf(target);
  if (other === undefined) return `${specifier} belongs to no zone of the import table`;
  if (zone.imports.includes('*')) return null;
  if (other !== zone && !zone.imports.includes(other.name)) {
    return `${zone.name} may not import ${other.name} (${specifier}); it may import: ${zone.imports.join(', ') || 'no zone'}`;
  }
  const rule = inner.find((each) => each.file === target);
  if (rule !== undefined && !rule.users.some((user) => inside(file, user))) {
    return `only ${rule.users.slice(0, 2).join(' and ')} may import ${target}`;
  }
  const home = packageOf(file);
  if (specifier.startsWith('.') && packageOf(target) !== home) {
    return `${specifier} reaches into another package: import it by name, through its door`;
  }
  return null;
}

type Target = { readonly file: string } | { readonly problem: string };

/** The file that a specifier names, or a problem; null for packages that are not ours. */
function resolveSpecifier(file: string, specifier: string, doors: ReadonlyMap<string, string>): Target | null {
  if (specifier.startsWith('.')) return { file: normalize(join(dirname(file), specifier)) };
  if (!specifier.startsWith('@xx-pipeline/')) return null;
  const door = doors.get(specifier);
  if (door === undefined)
    return { problem: `${specifier} is not a door of its package (see "exports" in its package.json)` };
  return { file: door };
}

/** `@xx-pipeline/worker/execution` -> `packages/worker/src/execution/index.ts`, for all packages. */
function readDoors(root: string): ReadonlyMap<string, string> {
  const doors = new Map<string, string>();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as {
      name: string;
      exports?: Record<string, string>;
    };
    for (const [door, file] of Object.entries(manifest.exports ?? {})) {
      doors.set(manifest.name + door.slice(1), normalize(join('packages', folder, file)));
    }
  }
  return doors;
}

function inside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function zoneOf(path: string): Zone | undefined {
  return zones
    .flatMap((zone) =>
      zone.folders.filter((folder) => inside(path, folder)).map((folder) => ({ zone, length: folder.length })),
    )
    .toSorted((a, b) => b.length - a.length)[0]?.zone;
}

function packageOf(path: string): string {
  const [top, name] = path.split('/');
  return top === 'packages' ? `packages/${name}` : '';
}

/** Depth first with colors: an edge to a file that is still open closes a cycle. Each is reported once. */
function findCycles(graph: ImportGraph): readonly ImportProblem[] {
  const problems: ImportProblem[] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const enter = (file: string): void => {
    open.push(file);
    for (const { to, line } of graph.get(file) ?? []) {
      const from = open.indexOf(to);
      if (from >= 0) {
        problems.push({ at: `${file}:${line}`, message: `import cycle: ${[...open.slice(from), to].join(' -> ')}` });
      } else if (!done.has(to)) {
        enter(to);
      }
    }
    open.pop();
    done.add(file);
  };
  for (const file of graph.keys()) if (!done.has(file)) enter(file);
  return problems;
}
