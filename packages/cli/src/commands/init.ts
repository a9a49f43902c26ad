import { ExitCode } from '../io/exit-codes.ts';
import type { Command } from './Command.ts';

/** `xx init`. */
export const initCommand: Command = {
  name: 'init',
  summary: 'Write a first pipeline file for the project in this directory',
  options: [{ flags: '--force', description: 'overwrite .xx-pipeline.yml, or write it beside another pipeline file' }],
  examples: [
    { command: 'xx init', explains: 'write .xx-pipeline.yml for Node, Python, Go, Rust or anything else' },
    { command: 'xx init && xx check && xx run --local', explains: 'from nothing to a first run' },
  ],
  async run(input, io) {
    const { writeStarterFile } = await import('./write-starter-file.ts');
    const { path, stack } = writeStarterFile(io.cwd, input.options['force'] === true);
    io.stderr.write(`wrote ${path}, made for ${stack}\nnext:   xx check\n        xx run --local\n`);
    return ExitCode.success;
  },
};
