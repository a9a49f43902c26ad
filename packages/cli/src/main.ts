import { version } from './version.ts';

// The version is asked for often and by machines: it is told before anything else is loaded.
const [first] = process.argv.slice(2);
if (first === '--version' || first === '-V') {
  process.stdout.write(`xx ${version}\n`);
} else {
  keepCompiledCode();
  const { runProgram } = await import('./program/run-program.ts');
  await runProgram(process.argv.slice(2));
}

/** Later starts need not compile: a quarter less to do. In a directory of the user's own, since what is read is run. */
function keepCompiledCode(): void {
  const { env } = process;
  const home = env['XX_HOME'] || (env['HOME'] && `${env['HOME']}/.xx-pipeline`);
  // Only below what exists: Node never returns from making a directory where none can be, as in /proc.
  if (home && process.getBuiltinModule('node:fs').existsSync(home)) {
    process.getBuiltinModule('node:module').enableCompileCache(`${home}/compiled`);
  }
}
