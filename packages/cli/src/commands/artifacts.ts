import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx artifacts`. */
export const artifactsCommand: Command = {
  name: 'artifacts',
  summary: 'List or download the artifacts of the jobs of a run on the server',
  arguments: [
    { name: '[run]', description: 'number, id or PIPELINE#NUMBER; the newest of this repository if not given' },
    { name: '[job]', description: 'only the artifacts of this job' },
  ],
  options: [
    { flags: '--download <directory>', description: 'unpack them there, each job into its own directory' },
    { flags: '--archives', description: 'with --download: keep the archives (tar, zstd) instead of unpacking them' },
    ...serverOptions,
    outputOption('text', 'json', 'yaml'),
  ],
  examples: [
    { command: 'xx artifacts 3', explains: 'the artifacts of run 3' },
    { command: 'xx artifacts 3 build --download out', explains: 'the files of one job, into out/' },
    { command: 'xx artifacts 3 --download . --archives', explains: 'all archives as they are' },
  ],
  async run(input, io) {
    const { showArtifacts } = await import('../remote/artifacts/show-artifacts.ts');
    await showArtifacts(input, io);
    return ExitCode.success;
  },
};
