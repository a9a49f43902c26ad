import { basename, dirname, resolve } from 'node:path';
import type { Plugin } from 'rolldown';

const reference = /new URL\(\s*'(\.{1,2}\/[^']+)\.ts'\s*,\s*import\.meta\.url\s*\)/g;

/**
 * Bundles files that are started as processes of their own. Sources name such a program with
 * `new URL('./program.ts', import.meta.url)`; in the bundle the URL is that of a JavaScript entry built from it,
 * because Node does not strip types below node_modules. The name of the entry contains its hash, so that a process of
 * an older build keeps starting its own version.
 */
export function separatePrograms(): Plugin {
  return {
    name: 'separate-programs',
    transform(code, id) {
      if (!id.endsWith('.ts')) return null;
      const changed = code.replaceAll(reference, (_, path: string) => {
        const program = this.emitFile({
          type: 'chunk',
          id: `${resolve(dirname(id), path)}.ts`,
          name: basename(path),
        });
        return `new URL(import.meta.ROLLDOWN_FILE_URL_${program})`;
      });
      return changed === code ? null : changed;
    },
  };
}
