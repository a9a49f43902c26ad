// Draws what commands print as SVG pictures for the README: node scripts/make-screenshots.ts
// The demonstration must have run once (`./xx demo`), so that its repository and its image are there.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const images = join(root, 'docs/images');
const demo = join(process.env['XX_HOME'] ?? join(homedir(), '.xx-pipeline'), 'demo/quickstart');
const broken = `stages: [build, test]

build:
  image: busybox:latest
  script: make

unit:
  stage: tests
  needs: [biuld]
  script:
    - echo running: the tests
  retries: 2
`;

const colors: Readonly<Record<string, string>> = {
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#e3b341',
  '34': '#79c0ff',
  '35': '#d2a8ff',
  '36': '#76e3ea',
  '90': '#8b949e',
};
const [cell, row, margin] = [8.4, 19, 16];

const scratch = mkdtempSync(join(tmpdir(), 'xx-pictures-'));
try {
  writeFileSync(join(scratch, '.gitlab-ci.yml'), broken);
  mkdirSync(images, { recursive: true });
  picture('run.svg', demo, ['run', '--local']);
  picture('explain.svg', demo, ['explain', 'publish']);
  picture('check.svg', scratch, ['check']);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function picture(name: string, cwd: string, args: readonly string[]): void {
  const env = { ...process.env, XX_HOME: join(scratch, 'home') };
  const command = [process.execPath, join(root, 'packages/cli/src/main.ts'), ...args, '--color', 'always'];
  // Both streams in one, as on a terminal.
  const { stdout } = spawnSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...command], { cwd, env, encoding: 'utf8' });
  const lines = `\u001b[90m$\u001b[39m xx ${args.join(' ')}\n${stdout}`.replaceAll(scratch, '~').trimEnd().split('\n');
  writeFileSync(join(images, name), draw(lines, `xx ${args.join(' ')}`));
}

function draw(lines: readonly string[], title: string): string {
  const columns = Math.max(...lines.map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, '').length));
  const width = Math.ceil(columns * cell + 2 * margin);
  const height = lines.length * row + 2 * margin;
  const rows = lines.map((line, index) => drawLine(line, margin + (index + 0.75) * row));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}

/** Every run of characters of one style gets its own place, so that fonts of other widths keep the columns. */
function drawLine(line: string, y: number): string {
  let [column, fill, weight] = [0, '', ''];
  let text = '';
  for (const piece of line.split(/(\u001b\[[\d;]*m)/)) {
    if (piece.startsWith('\u001b[')) {
      for (const code of piece.slice(2, -1).split(';')) {
        if (code === '1') weight = ' font-weight="bold"';
        else if (code === '2') fill = ' fill="#8b949e"';
        else if (code === '22') weight = '';
        else if (colors[code] !== undefined) fill = ` fill="${colors[code]}"`;
        else if (code === '39' || code === '0' || code === '') fill = '';
        if (code === '0' || code === '') weight = '';
      }
    } else if (piece !== '') {
      const x = (margin + column * cell).toFixed(1);
      const length = (piece.length * cell).toFixed(1);
      text += `<tspan x="${x}" textLength="${length}"${fill}${weight}>${escapeXml(piece)}</tspan>`;
      column += piece.length;
    }
  }
  return `<text y="${y.toFixed(1)}">${text}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
