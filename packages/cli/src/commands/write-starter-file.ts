import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pipelineFileNames } from '@xx-pipeline/source';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { detectStack, type Stack } from './detect-stack.ts';

const fileName = '.xx-pipeline.yml';

/** Writes the starter file; refuses to hide or overwrite a pipeline file unless `force` is set. */
export function writeStarterFile(directory: string, force: boolean): { path: string; stack: string } {
  const existing = pipelineFileNames.find((name) => existsSync(join(directory, name)));
  if (existing !== undefined && !force) {
    const help =
      existing === fileName
        ? 'xx init --force overwrites it'
        : `xx uses that file; ${fileName} would take precedence (--force writes it anyway)`;
    throw new CommandError(`there is already a ${existing}`, ExitCode.usage, help);
  }
  const stack = detectStack(readerOf(directory));
  writeFileSync(join(directory, fileName), starterText(basename(resolve(directory)), stack), {
    flag: force ? 'w' : 'wx',
  });
  return { path: fileName, stack: stack.title };
}

const readerOf = (directory: string) => ({
  has: (name: string): boolean => existsSync(join(directory, name)),
  read: (name: string): string => readFileSync(join(directory, name), 'utf8'),
});

/** The text of a starter file. */
export function starterText(project: string, stack: Stack): string {
  const jobs = stack.jobs.map((job) =>
    [
      `  ${job.name}:`,
      `    stage: ${job.stage}`,
      '    script:',
      ...job.script.map((command) => `      - ${yamlText(command)}`),
      ...(job.artifacts === undefined
        ? []
        : ['    artifacts:', '      paths:', ...job.artifacts.map((path) => `        - ${path}`)]),
    ].join('\n'),
  );
  const stages = [...new Set(stack.jobs.map((job) => job.stage))];
  return `# A pipeline for xx, in the GitLab CI language. Made for ${stack.title}; change it to your needs.
#   xx check          find mistakes
#   xx run --local    run it here, every job in a container of its own
# Editors check and complete this file after: xx schema > .xx-pipeline.schema.json
# yaml-language-server: $schema=.xx-pipeline.schema.json

name: ${yamlText(project === '' ? 'my-project' : project)}

default:
  image: ${stack.image}

stages: [${stages.join(', ')}]

jobs:
${jobs.join('\n\n')}
`;
}

/** Plain where that is safe, else quoted; JSON strings are YAML strings. */
function yamlText(text: string): string {
  const isPlain = /^[A-Za-z][\x20-\x7e]*$/.test(text) && !/: |:$| #| $/.test(text);
  return isPlain && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}
