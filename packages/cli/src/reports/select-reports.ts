import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JobReport, Report, StageReport } from '@xx-pipeline/common';
import {
  findRepositoryRoot,
  isRemoteUrl,
  RepositoryReader,
  readRepositoryFacts,
  withoutCredentials,
} from '@xx-pipeline/source';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import type { StoredReport } from './LocalReportStore.ts';

/** The names of a repository in reports: the URL of its remote if it has one, and its paths. */
export async function repositoryNames(
  repository: string,
  io: Pick<CommandIo, 'cwd' | 'env'>,
): Promise<readonly string[]> {
  if (isRemoteUrl(repository)) return [withoutCredentials(repository)];
  const path = resolve(io.cwd, repository);
  const root = findRepositoryRoot(realpathOf(path));
  if (root === null) return [path, realpathOf(path)];
  const { facts } = await readRepositoryFacts(new RepositoryReader({ cwd: root, env: io.env }));
  return facts.remoteUrl === null ? [root, path] : [facts.remoteUrl, root, path];
}

/** Chooses a run: the newest, or the one with the number. If several pipelines have it, a repository of `here` wins. */
export function chooseRun(
  reports: readonly StoredReport[],
  run: string | undefined,
  here: ReadonlySet<string>,
  help = 'xx report --local lists the runs',
): StoredReport {
  if (run !== undefined && !/^\d+$/.test(run)) throw usage(`--run ${run} is not a number`, help);
  const matching = run === undefined ? reports : reports.filter(({ report }) => report.runNumber === Number(run));
  const local = matching.filter(({ report }) => here.has(report.repository));
  const candidates = local.length > 0 ? local : matching;
  const [first] = candidates;
  if (first === undefined) {
    throw usage(run === undefined ? 'no run found' : `no run ${run} found`, help);
  }
  const pipelines = new Set(candidates.map(({ report }) => `${report.pipeline} (${report.repository})`));
  if (run !== undefined && pipelines.size > 1) {
    throw usage(
      `several pipelines have a run ${run}: ${[...pipelines].join(', ')}`,
      'choose one with --pipeline or --repo',
    );
  }
  return first;
}

/** The stage of a report with this name. */
export function chooseStage(report: Report, name: string): StageReport {
  const stage = report.stages.find((candidate) => candidate.name === name);
  if (stage !== undefined) return stage;
  throw usage(
    `run ${report.runNumber} of ${report.pipeline} has no stage ${name}`,
    listing('its stages', report.stages),
  );
}

/** The job of these stages with this name. */
export function chooseJob(
  report: Report,
  stages: readonly StageReport[],
  name: string,
): { readonly job: JobReport; readonly stage: StageReport } {
  for (const stage of stages) {
    const job = stage.jobs.find((candidate) => candidate.name === name);
    if (job !== undefined) return { job, stage };
  }
  const jobs = stages.flatMap((stage) => stage.jobs);
  throw usage(`run ${report.runNumber} of ${report.pipeline} has no job ${name}`, listing('its jobs', jobs));
}

const shownNames = 20;

function listing(what: string, named: readonly { readonly name: string }[]): string {
  const names = named.slice(0, shownNames).map(({ name }) => name);
  const more = named.length > shownNames ? ` and ${named.length - shownNames} more` : '';
  return `${what}: ${names.join(', ')}${more}`;
}

function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const usage = (message: string, help: string): CommandError => new CommandError(message, ExitCode.usage, help);
