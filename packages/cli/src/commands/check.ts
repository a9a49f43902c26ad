import type { CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { contextOptions, fileOption, outputOption, textOption } from '../io/options.ts';
import type { LoadedPipeline } from '../run/load-pipeline.ts';
import type { Command } from './Command.ts';

/** `xx check`. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'Find everything that is wrong with the pipeline file',
  options: [
    { ...fileOption, description: `${fileOption.description}; - reads standard input` },
    outputOption('text', 'json', 'yaml'),
    ...contextOptions,
  ],
  examples: [
    { command: 'xx check', explains: 'check the pipeline file of this repository' },
    { command: 'xx check -f ci/other.yml', explains: 'check another file' },
    { command: 'xx check -f - -o json < pipeline.yml', explains: 'for editors and scripts' },
  ],
  async run(input, io) {
    const { loadPipeline } = await import('../run/load-pipeline.ts');
    const loaded = await loadPipeline(input, io);
    const format = textOption(input, 'output');
    const valid = !loaded.result.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    if (format === 'json' || format === 'yaml') {
      const { formatData } = await import('../render/data-text.ts');
      io.stdout.write(await formatData(await toData(loaded, valid), format));
    } else {
      await printText(loaded, valid, io);
    }
    return valid ? ExitCode.success : ExitCode.usage;
  },
};

async function printText({ file, result }: LoadedPipeline, valid: boolean, io: CommandIo): Promise<void> {
  const { plural } = await import('../render/run-title.ts');
  const { paint } = await import('../render/style.ts');
  const { visible } = await import('../render/ansi.ts');
  if (result.diagnostics.length > 0) {
    const { renderDiagnostics } = await import('@xx-pipeline/pipeline-language');
    io.stdout.write(`${renderDiagnostics(result.diagnostics, result.sources, { color: io.stdout.color })}\n`);
  }
  const errors = result.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  const warnings = result.diagnostics.length - errors;
  const warned = warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`;
  if (!valid) {
    io.stdout.write(`${paint(io.stdout, 'red', `${plural(errors, 'error')}${warned}`)} in ${visible(file)}\n`);
    return;
  }
  const ok = paint(io.stdout, 'green', 'ok');
  if (result.plan === null) {
    io.stdout.write(
      `${ok}: ${visible(file)} is valid${warned}, but makes no pipeline here: ${visible(result.notCreated ?? 'it has no jobs')}\n`,
    );
    return;
  }
  const jobs = result.plan.stages.reduce((sum, stage) => sum + stage.jobs.length, 0);
  const out = result.plan.excluded.length;
  const excluded = out === 0 ? '' : `, ${out} more not in a run from here (xx dry-run says why)`;
  io.stdout.write(
    `${ok}: ${plural(jobs, 'job')} in ${plural(result.plan.stages.length, 'stage')}${warned}${excluded}\n`,
  );
}

async function toData({ file, result }: LoadedPipeline, valid: boolean): Promise<object> {
  const { positionFinder } = await import('./positions.ts');
  const place = positionFinder(result.sources);
  return {
    valid,
    file,
    diagnostics: result.diagnostics.map(({ span, related, includedFrom, ...rest }) => ({
      ...rest,
      ...(span === undefined ? {} : place(span)),
      ...(related === undefined
        ? {}
        : { related: related.map((each) => ({ message: each.message, ...place(each.span) })) }),
      ...(includedFrom === undefined ? {} : { includedFrom: includedFrom.map(place) }),
    })),
    stages: result.plan?.stages.map((stage) => stage.name) ?? [],
    jobs: result.plan?.stages.flatMap((stage) => stage.jobs.map((job) => ({ name: job.name, stage: job.stage }))) ?? [],
    notCreated: result.notCreated,
  };
}
