import { ExitCode } from '../io/exit-codes.ts';
import { contextOptions, fileOption, listOption, outputOption, textOption } from '../io/options.ts';
import type { Command } from './Command.ts';

/** `xx dry-run`. */
export const dryRunCommand: Command = {
  name: 'dry-run',
  summary: 'Show which jobs would run, in which order, with which images and why',
  options: [
    fileOption,
    outputOption('text', 'yaml', 'json'),
    { flags: '--job <name>', description: 'only this job and what it needs', repeatable: true },
    ...contextOptions,
  ],
  examples: [
    { command: 'xx dry-run', explains: 'the waves of a run of the working tree' },
    { command: 'xx dry-run --branch main --var DEPLOY=yes', explains: 'what if it were main, with this variable' },
    { command: 'xx dry-run --job deploy -o json', explains: 'one job and what it needs, for programs' },
  ],
  async run(input, io) {
    const { loadPlan, printNotCreated } = await import('../run/load-plan.ts');
    const loaded = await loadPlan(input, io, listOption(input, 'job'));
    if (!loaded.created) {
      return await printNotCreated(loaded.reason, textOption(input, 'output'), io);
    }
    const { simulate } = await import('@xx-pipeline/pipeline-language');
    const { renderWaves, wavesData } = await import('../render/waves-text.ts');
    const waves = simulate(loaded.plan);
    const format = textOption(input, 'output');
    if (format === 'json' || format === 'yaml') {
      const { formatData } = await import('../render/data-text.ts');
      io.stdout.write(await formatData(wavesData(loaded.plan, loaded.file, waves), format));
    } else {
      io.stdout.write(renderWaves(loaded.plan, loaded.file, waves, io.stdout));
    }
    return ExitCode.success;
  },
};
