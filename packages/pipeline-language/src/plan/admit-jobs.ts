import type { Admission, AllowFailurePlan, ExcludedJob, When } from '@xx-pipeline/common';
import type { Rule } from '../keys/rules.ts';
import type { Variables } from '../keys/variables.ts';
import type { JobInstance } from '../resolve/JobDefinition.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';
import { evaluateRules, type RuleEnvironment } from '../rules/evaluate-rules.ts';
import type { PipelineContext } from '../source/PipelineContext.ts';

/** A job that is in the pipeline, with what its rules decided. */
export interface AdmittedJob {
  readonly instance: JobInstance;
  readonly when: When;
  readonly startIn: number | undefined;
  readonly allowFailure: AllowFailurePlan;
  readonly variables: Variables;
  /** The matching rule's `needs`, which replace the job's. */
  readonly ruleNeeds: Rule['needs'];
  readonly admission: Admission;
}

/** Which jobs are in and which are not. */
export interface Admitted {
  readonly jobs: readonly AdmittedJob[];
  readonly excluded: readonly ExcludedJob[];
}

/** What the rules of all jobs see alike. */
export interface RuleSurroundings {
  readonly context: PipelineContext;
  readonly listFiles: () => readonly string[];
  readonly existsAnswers: Map<string, boolean>;
}

/** Evaluates the rules of every job. `globals` are the global variables after workflow rules. */
export function admitJobs(
  definition: PipelineDefinition,
  globals: Variables,
  surroundings: RuleSurroundings,
): Admitted {
  const jobs: AdmittedJob[] = [];
  const excluded: ExcludedJob[] = [];
  const inherited = new InheritedVariables(globals);
  for (const job of definition.jobs) {
    const below = inherited.for(job.keys.inherit?.variables ?? true);
    for (const instance of job.instances) {
      const own = instance.matrix === null ? job.keys.variables : { ...job.keys.variables, ...instance.matrix };
      const variables = own === undefined ? below : { ...below, ...own };
      const decision = decide(instance, variables, surroundings);
      if (decision.admitted) jobs.push(decision.job);
      else excluded.push({ name: instance.name, stage: job.stage, admission: decision.admission, span: job.span });
    }
  }
  return { jobs, excluded };
}

type Decision = { admitted: true; job: AdmittedJob } | { admitted: false; admission: Admission };

function decide(instance: JobInstance, variables: Variables, surroundings: RuleSurroundings): Decision {
  const { keys } = instance.job;
  const ownWhen = keys.when ?? 'on_success';
  // The default for manual jobs is the job's own; a manual rule blocks unless it says otherwise.
  const ownAllowFailure = keys.allow_failure ?? keys.when === 'manual';
  if (keys.rules === undefined) {
    const admission = { reason: 'it has no rules, so it is always in', rules: [] };
    const job = {
      instance,
      when: ownWhen,
      startIn: keys.start_in,
      allowFailure: ownAllowFailure,
      variables,
      ruleNeeds: undefined,
      admission,
    };
    return { admitted: true, job };
  }
  const { matched, trace } = evaluateRules(keys.rules, environmentOf(instance, variables, ownWhen, surroundings));
  if (matched === null) return { admitted: false, admission: { reason: 'no rule matches', rules: trace } };
  const when = matched.when ?? ownWhen;
  const number = matched.index + 1;
  if (when === 'never') {
    return { admitted: false, admission: { reason: `rule ${number} matches and says never`, rules: trace } };
  }
  return {
    admitted: true,
    job: {
      instance,
      when,
      startIn: matched.startIn ?? keys.start_in,
      allowFailure: matched.allowFailure ?? ownAllowFailure,
      variables: matched.variables ? { ...variables, ...matched.variables } : variables,
      ruleNeeds: matched.needs,
      admission: { reason: `rule ${number} matches`, rules: trace },
    },
  };
}

function environmentOf(
  instance: JobInstance,
  variables: Variables,
  defaultWhen: When,
  { context, listFiles, existsAnswers }: RuleSurroundings,
): RuleEnvironment {
  return {
    variables: {
      ...context.predefined,
      ...plainValues(variables),
      CI_JOB_NAME: instance.name,
      CI_JOB_STAGE: instance.job.stage,
      ...context.pipelineVariables,
    },
    changedFiles: context.changedFiles,
    listFiles,
    defaultWhen,
    existsAnswers,
  };
}

/** Values as written: rules see nothing expanded. */
export const plainValues = (variables: Variables): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, variable.value]));

/** Global variables by what `inherit:variables` lets through; jobs with the same wish share one object. */
class InheritedVariables {
  readonly #globals: Variables;
  readonly #none: Variables = {};

  constructor(globals: Variables) {
    this.#globals = globals;
  }

  for(wanted: boolean | readonly string[]): Variables {
    if (wanted === true) return this.#globals;
    if (wanted === false) return this.#none;
    const names = new Set(wanted.filter((name) => Object.hasOwn(this.#globals, name)));
    return Object.fromEntries([...names].map((name) => [name, this.#globals[name] ?? { value: '' }]));
  }
}
