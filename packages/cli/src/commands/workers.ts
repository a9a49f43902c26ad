import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx workers`. */
export const workersCommand: Command = {
  name: 'workers',
  summary: 'List the workers of the server and how busy they are',
  options: [...serverOptions, outputOption('text', 'json', 'yaml')],
  examples: [
    { command: 'xx workers', explains: 'all workers, with slots and labels' },
    { command: 'xx workers -o json', explains: 'for programs' },
  ],
  async run(input, io) {
    const { withServer, printData } = await import('../remote/with-server.ts');
    const { renderWorkers } = await import('../remote/workers-text.ts');
    await withServer(input, io, async ({ api }) => {
      const { workers } = (await api.listWorkers()).body;
      await printData(workers, () => renderWorkers(workers, io.stdout), input, io);
    });
    return ExitCode.success;
  },
};
