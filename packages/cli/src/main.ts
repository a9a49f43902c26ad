import { version } from './version.ts';

// The version is asked for often and by machines: it is told before anything else is loaded.
const [first] = process.argv.slice(2);
if (first === '--version' || first === '-V') {
  process.stdout.write(`xx ${version}\n`);
} else {
  const { runProgram } = await import('./program/run-program.ts');
  await runProgram(process.argv.slice(2));
}
