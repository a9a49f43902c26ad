import { join } from 'node:path';
import process from 'node:process';

/** Names the file that starts the command line, for the processes that a test starts. */
export const programVariable = 'XX_TEST_PROGRAM';

/** That of the package which `npm test` has installed; that of the sources where a test file is run by itself. */
export function testProgram(): string {
  return process.env[programVariable] ?? join(import.meta.dirname, '../../packages/cli/src/main.ts');
}
