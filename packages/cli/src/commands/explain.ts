import type { ExcludedJob, JobPlan, PipelinePlan } from '@xx-pipeline/common';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { contextOptions, fileOption, outputOption, textOption } from '../io/options.ts';
import type { Explanation } from '../render/explain-text.ts';
import type { Command } from './Command.ts';

/** `xx explain`. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'Explain why a job is in a run or not, and what it waits for',
  arguments: [{ name: '<job>', description: 'name of a job; the name of a matrix explains all its instances' }],
  options: [fileOption, outputOption('text', 'json', 'yaml'), ...contextOptions],
  examples: [
    { command: 'xx explain deploy', explains: 'every rule with its values and its result' },
    { command: 'xx explain deploy --branch main', explains: 'what if this were the branch main' },
    { command: "xx explain 'test: [linux, 22]' -o json", explains: 'one instance of a matrix, for programs' },
  ],
  async run(input, io) {
    const { loadPlan, printNotCreated } = await import('../run/load-plan.ts');
    const loaded = await loadPlan(input, io);
    const format = textOption(input, 'output');
    if (!loaded.created) {
      return await printNotCreated(loaded.reason, format, io);
    }
    const found = await explanationsOf(input.arguments[0] ?? '', loaded.plan, loaded.loaded.result.sources);
    const { explanationData, renderExplanation } = await import('../render/explain-text.ts');
    if (format === 'json' || format === 'yaml') {
      const { formatData } = await import('../render/data-text.ts');
      const data = found.map(explanationData);
      io.stdout.write(await formatData({ jobs: data }, format));
    } else {
      io.stdout.write(found.map((each) => renderExplanation(each, io.stdout)).join('\n'));
    }
    return ExitCode.success;
  },
};

async function explanationsOf(
  name: string,
  plan: PipelinePlan,
  sources: ReadonlyMap<string, string>,
): Promise<readonly Explanation[]> {
  const jobs = plan.stages.flatMap((stage) => stage.jobs);
  const exact = jobs.filter((job) => job.name === name);
  const included = exact.length > 0 ? exact : jobs.filter((job) => job.baseName === name);
  const excluded = included.length > 0 ? [] : plan.excluded.filter((job) => job.name === name);
  if (included.length + excluded.length === 0) {
    throw await unknownJob(name, jobs, plan.excluded);
  }
  const { positionFinder } = await import('./positions.ts');
  const { simulate } = await import('@xx-pipeline/pipeline-language');
  const place = positionFinder(sources);
  const turns = new Map(
    simulate(plan).flatMap((wave, index) =>
      wave.jobs.map((each) => [each.job.name, turnText(each, index + 1)] as const),
    ),
  );
  const placeOf = (job: JobPlan | ExcludedJob): string => {
    const { file, line, column } = place(job.span);
    return `${file}:${line}:${column}`;
  };
  const stages = plan.stages.map((stage) => stage.name);
  const common = (job: JobPlan | ExcludedJob) => ({
    name: job.name,
    stage: job.stage,
    admission: job.admission,
    place: placeOf(job),
    earlierStages: stages.slice(0, Math.max(0, stages.indexOf(job.stage))),
  });
  return [
    ...included.map((job) => ({ ...common(job), plan: job, turn: turns.get(job.name) ?? null })),
    ...excluded.map((job) => ({ ...common(job), plan: null, turn: null })),
  ];
}

const turnText = (each: { decision: string; reason: string }, wave: number): string =>
  each.decision === 'wait' ? `never by itself: ${each.reason}` : `in wave ${wave}: ${each.reason}`;

async function unknownJob(
  name: string,
  jobs: readonly JobPlan[],
  excluded: readonly ExcludedJob[],
): Promise<CommandError> {
  const { didYouMean } = await import('../io/did-you-mean.ts');
  const names = [...jobs.flatMap((job) => [job.baseName, job.name]), ...excluded.map((job) => job.name)];
  const near = didYouMean(name, new Set(names));
  const help = near === null ? 'xx dry-run lists the jobs' : `did you mean ${near}?`;
  return new CommandError(`there is no job '${name}'`, ExitCode.usage, help);
}
