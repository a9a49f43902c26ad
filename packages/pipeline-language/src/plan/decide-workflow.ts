import type { Variables } from '../keys/variables.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';
import { evaluateRules } from '../rules/evaluate-rules.ts';
import { plainValues, type RuleSurroundings } from './admit-jobs.ts';

/** Whether `workflow:rules` let a pipeline be, and the global variables that its jobs then see. */
export type WorkflowDecision =
  | { readonly created: true; readonly variables: Variables }
  | { readonly created: false; readonly reason: string };

/** Evaluates `workflow:rules`; without them there is always a pipeline. */
export function decideWorkflow(definition: PipelineDefinition, surroundings: RuleSurroundings): WorkflowDecision {
  const { variables, workflowRules } = definition.globals;
  if (workflowRules === null) return { created: true, variables };
  const { context, listFiles, existsAnswers } = surroundings;
  const { matched } = evaluateRules(workflowRules, {
    variables: { ...context.predefined, ...plainValues(variables), ...context.pipelineVariables },
    changedFiles: context.changedFiles,
    listFiles,
    existsAnswers,
  });
  if (matched === null) return { created: false, reason: 'filtered out by workflow rules: no rule matches' };
  if (matched.when === 'never') {
    return {
      created: false,
      reason: `filtered out by workflow rules: rule ${matched.index + 1} matches and says never`,
    };
  }
  return { created: true, variables: matched.variables ? { ...variables, ...matched.variables } : variables };
}
