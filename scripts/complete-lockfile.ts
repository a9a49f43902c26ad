// Adds to package-lock.json the platform packages that npm left out because the registry at hand does not serve them
// (a mirror that has only Linux, say). Without their entries `npm ci` refuses the lockfile, on every platform.
// Run it after `npm install`: `./xx --internal-node scripts/complete-lockfile.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, LockEntry> };
let added = 0;
for (const [where, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (`${where}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages) continue;
    if (!/^\d+\.\d+\.\d+/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = platformEntry(name, version, parent);
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')));
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
process.stderr.write(`package-lock.json: ${added} platform packages added\n`);

function platformEntry(name: string, version: string, parent: LockEntry): LockEntry {
  const words = name.split(/[/-]/);
  const system = systems.filter((word) => words.includes(word));
  const processor = processors.filter((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  return {
    version,
    ...(processor.length > 0 && { cpu: processor }),
    ...(parent.dev && { dev: true }),
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(system.length > 0 && { os: system }),
  };
}
