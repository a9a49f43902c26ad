import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { splitTypedLine } from '../../src/program/shell-words.ts';
import { assertGolden } from '../render/golden.ts';
import { runInProcess } from './run-in-process.ts';

const cases = new URL('./cases/', import.meta.url);

/** Each `NAME.yml` with the commands of `NAME.commands.txt` must print what `NAME.transcript.txt` holds. */
for (const file of readdirSync(cases).filter((name) => name.endsWith('.yml'))) {
  const name = file.slice(0, -'.yml'.length);
  test(`${name}: the commands print what their transcript says`, async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'xx-transcript-'));
    context.after(() => rmSync(directory, { recursive: true }));
    copyFileSync(new URL(file, cases), join(directory, '.gitlab-ci.yml'));
    let transcript = '';
    for (const line of readFileSync(new URL(`${name}.commands.txt`, cases), 'utf8')
      .trim()
      .split('\n')) {
      const { words } = splitTypedLine(`${line} `);
      const { stdout, stderr, exitCode } = await runInProcess(words, directory);
      transcript += `$ xx ${line}\n${stdout}${stderr === '' ? '' : `--- stderr\n${stderr}`}--- exit ${exitCode}\n\n`;
    }
    assertGolden(transcript, new URL(`${name}.transcript.txt`, cases));
  });
}
