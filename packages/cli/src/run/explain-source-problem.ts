import type { Result } from '@xx-pipeline/common';
import { pipelineFileNames, type SourceProblem } from '@xx-pipeline/source';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';

/** The value of a result, or the problem as the error that ends the command. */
export function orExplain<T>(result: Result<T, SourceProblem>): T {
  if (result.ok) return result.value;
  throw explainSourceProblem(result.error);
}

/** A source problem in words, with its remedy. */
function explainSourceProblem(problem: SourceProblem): CommandError {
  const usage = (message: string, help: string | null = null) => new CommandError(message, ExitCode.usage, help);
  switch (problem.kind) {
    case 'no-pipeline-file':
      return usage(
        `no pipeline file in ${problem.directory}${problem.inRepository ? ' or above it in its repository' : ''}`,
        `looked for ${pipelineFileNames.join(', ')}; name another with --file, or write one with \`xx init\``,
      );
    case 'unreadable-pipeline-file':
      return usage(unreadable[problem.reason](problem.file), 'name the pipeline file with --file');
    case 'not-in-repository':
      return usage(`${problem.directory} is not in a git repository`, repositoryHelp);
    case 'no-repository-at':
      return usage(`there is no repository at ${problem.path}`, repositoryHelp);
    case 'no-commits':
      return usage('the repository has no commits', commitHelp);
    case 'unknown-commit':
      return usage(`the repository has no commit ${problem.commit}`, commitHelp);
    case 'git-missing':
      return new CommandError(
        'git is not installed or not in PATH',
        ExitCode.machine,
        'install git; --repo, --branch and --commit need it',
      );
    case 'git-failed':
      return usage(`${actions[problem.action]} ${problem.subject}: ${problem.reason}`);
  }
}

const unreadable = {
  missing: (file: string) => `there is no file ${file}`,
  denied: (file: string) => `no permission to read ${file}`,
  directory: (file: string) => `${file} is a directory, not a pipeline file`,
  outside: (file: string) =>
    `${file} is not a file of this tree: it is a link that leads out of it, or not a plain file`,
} as const;

const actions = {
  clone: 'cannot clone',
  'check-out': 'cannot check out',
  'list-files': 'cannot list the files of',
} as const;

const repositoryHelp = 'give the path or URL of a git repository with --repo';
const commitHelp = 'name a branch with --branch, or a commit that a branch or tag of it contains with --commit';
