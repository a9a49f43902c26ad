import type { JobPlan, PipelinePlan } from '@xx-pipeline/common';
import { visible } from './ansi.ts';

/** A pipeline as a Mermaid flow chart, stages as subgraphs. */
export function renderMermaid(plan: PipelinePlan): string {
  const ids = numberJobs(plan);
  const lines = ['flowchart LR'];
  for (const [index, stage] of plan.stages.entries()) {
    lines.push(`  subgraph s${index}[${mermaidText(stage.name)}]`);
    lines.push(...stage.jobs.map((job) => `    ${ids.get(job.name)}${shape(job)}`));
    lines.push('  end');
  }
  for (const job of jobsOfPlan(plan)) {
    lines.push(...(job.needs ?? []).map((need) => `  ${ids.get(need.job)} --> ${ids.get(job.name)}`));
  }
  lines.push(
    ...stageEdges(plan).map(({ from, to, job }) => `  s${from} -.-> ${job === null ? `s${to}` : ids.get(job.name)}`),
  );
  return `${lines.join('\n')}\n`;
}

/** A pipeline for Graphviz, stages as clusters. */
export function renderDot(plan: PipelinePlan): string {
  const ids = numberJobs(plan);
  const lines = ['digraph pipeline {', '  rankdir=LR; compound=true; node [shape=box, style=rounded];'];
  for (const [index, stage] of plan.stages.entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${dotText(stage.name)};`);
    lines.push(...stage.jobs.map((job) => `    ${ids.get(job.name)} [label=${dotText(labelOf(job))}];`));
    lines.push('  }');
  }
  for (const job of jobsOfPlan(plan)) {
    lines.push(...(job.needs ?? []).map((need) => `  ${ids.get(need.job)} -> ${ids.get(job.name)};`));
  }
  const anyJob = (stage: number): string => ids.get(plan.stages[stage]?.jobs[0]?.name ?? '') ?? '';
  for (const { from, to, job } of stageEdges(plan)) {
    const head = job === null ? `, lhead=cluster_${to}` : '';
    const target = job === null ? anyJob(to) : ids.get(job.name);
    lines.push(`  ${anyJob(from)} -> ${target} [style=dashed, ltail=cluster_${from}${head}];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/** Nodes and edges as data. */
export function graphData(plan: PipelinePlan): object {
  return {
    stages: plan.stages.map((stage) => ({ name: stage.name, jobs: stage.jobs.map((job) => job.name) })),
    needs: jobsOfPlan(plan).flatMap((job) => (job.needs ?? []).map((need) => ({ from: need.job, to: job.name }))),
    stageOrder: stageEdges(plan).map(({ from, to, job }) => ({
      fromStage: plan.stages[from]?.name,
      toStage: plan.stages[to]?.name,
      toJob: job?.name ?? null,
    })),
  };
}

/** That a stage ends before another one, or before one job of it, begins. */
interface StageEdge {
  readonly from: number;
  readonly to: number;
  /** null: all jobs of the stage. */
  readonly job: JobPlan | null;
}

/** The order of stages as far as nothing else implies it: a stage whose jobs all wait stands for those before it. */
function stageEdges(plan: PipelinePlan): StageEdge[] {
  const allWait = plan.stages.map((stage) => stage.jobs.every((job) => job.needs === null));
  return plan.stages.flatMap((stage, to) => {
    const targets = allWait[to] === true ? [null] : stage.jobs.filter((job) => job.needs === null);
    const edges: StageEdge[] = [];
    for (let from = to - 1; from >= 0 && targets.length > 0; from -= 1) {
      edges.push(...targets.map((job) => ({ from, to, job })));
      if (allWait[from] === true) {
        break;
      }
    }
    return edges;
  });
}

const jobsOfPlan = (plan: PipelinePlan): JobPlan[] => plan.stages.flatMap((stage) => stage.jobs);

/** Names never become identifiers: they may hold anything. */
const numberJobs = (plan: PipelinePlan): Map<string, string> =>
  new Map(jobsOfPlan(plan).map((job, index) => [job.name, `j${index}`]));

const labelOf = (job: JobPlan): string => (job.when === 'on_success' ? job.name : `${job.name} (${job.when})`);

const shape = (job: JobPlan): string =>
  job.when === 'manual' ? `{{${mermaidText(labelOf(job))}}}` : `(${mermaidText(labelOf(job))})`;

/** Quoted, with everything that Mermaid, Markdown or HTML could read as theirs written as a numeric entity. */
const mermaidText = (text: string): string =>
  `"${visible(text).replace(/[^\p{L}\p{N} ./:,_()[\]=+-]/gu, (character) => `#${character.codePointAt(0)};`)}"`;

const dotText = (text: string): string => `"${visible(text).replace(/[\\"]/g, '\\$&')}"`;
