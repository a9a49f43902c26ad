import { allowFailure } from './allow-failure.ts';
import { defaultFields, defaultKeyword } from './default.ts';
import { dependencies } from './dependencies.ts';
import { include } from './include.ts';
import { inherit } from './inherit.ts';
import { type Fields, later, server } from './Keyword.ts';
import { textKeyword } from './kinds.ts';
import { needs } from './needs.ts';
import { parallel } from './parallel.ts';
import { rules } from './rules.ts';
import { script } from './script.ts';
import { extendsKeyword, stage } from './simple-keys.ts';
import { stages } from './stages.ts';
import { globalVariables, jobVariables } from './variables.ts';
import { startIn, when } from './when.ts';
import { workflow } from './workflow.ts';

/** Every key a job can have. To add one, see docs/adding-a-keyword.md. */
export const jobFields = {
  stage,
  extends: extendsKeyword,
  script,
  needs,
  dependencies,
  rules,
  when,
  start_in: startIn,
  allow_failure: allowFailure,
  variables: jobVariables,
  parallel,
  inherit,
  ...defaultFields,
  run: later('run', 'steps instead of a script'),
  trigger: later('trigger', 'another pipeline as a job'),
  only: later('only', 'the old form of rules'),
  except: later('except', 'the old form of rules'),
  coverage: later('coverage', 'the coverage found in the log'),
  environment: later('environment', 'where the job deploys to'),
  resource_group: later('resource_group', 'one running job at a time'),
  release: later('release', 'a release to make'),
  secrets: later('secrets', 'secrets of an outside store'),
  inputs: later('inputs', 'inputs of a job'),
  manual_confirmation: later('manual_confirmation', 'a question before a manual job starts'),
  pages: server('pages', 'a web site to publish'),
  publish: server('publish', 'the folder of a web site to publish'),
  dast_configuration: server('dast_configuration', 'a security scan'),
} as const satisfies Fields;

const oldDefaults = {
  image: defaultFields.image,
  before_script: defaultFields.before_script,
  after_script: defaultFields.after_script,
  services: defaultFields.services,
  cache: defaultFields.cache,
} as const satisfies Fields;

/** Keys that may stand at the top of a file as well as in `default`, with the same meaning. */
export const oldDefaultNames: readonly string[] = Object.keys(oldDefaults);

/** Every keyword at the top of a file; everything else there is a job. */
export const globalFields = {
  name: textKeyword('name', 'Name of the pipeline'),
  stages,
  default: defaultKeyword,
  variables: globalVariables,
  workflow,
  include,
  ...oldDefaults,
  spec: later('spec', 'inputs of the file'),
} as const satisfies Fields;
