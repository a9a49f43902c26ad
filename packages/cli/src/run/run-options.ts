import { availableParallelism } from 'node:os';
import type { PullPolicy } from '@xx-pipeline/common';
import type { PipelineVariable } from '@xx-pipeline/pipeline-language';
import type { CloneRequest } from '@xx-pipeline/source';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';

/** The forms in which a run can be shown. */
export type RunFormat = 'text' | 'json' | 'yaml' | 'ndjson';

/** What was asked for on the command line, checked. */
export interface RunOptions {
  readonly file: string | undefined;
  /** Null: the working tree as it is. */
  readonly clone: CloneRequest | null;
  readonly variables: readonly PipelineVariable[];
  readonly jobs: readonly string[];
  readonly play: readonly string[];
  readonly slots: number;
  readonly workspace: 'isolated' | 'shared';
  readonly pullPolicy: PullPolicy | null;
  /** Seconds for jobs without a timeout of their own. */
  readonly timeout: number | null;
  readonly format: RunFormat;
}

const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads the options of `xx run`. Throws CommandError for what makes no sense. */
export function parseRunOptions(input: CommandInput, env: CommandIo['env']): RunOptions {
  const text = (key: string): string | undefined => {
    const value = input.options[key];
    return typeof value === 'string' ? value : undefined;
  };
  const list = (key: string): readonly string[] => {
    const value = input.options[key];
    return typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  };
  const repository = text('repo');
  const branch = text('branch');
  const commit = text('commit');
  const clone = {
    ...(repository === undefined ? {} : { repository }),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
  };
  const isClone = Object.keys(clone).length > 0;
  const workspace = text('workspace') === 'shared' ? 'shared' : 'isolated';
  if (isClone && workspace === 'shared') {
    throw usage(
      '--workspace shared applies to the working tree only',
      'remove --repo, --branch and --commit, or --workspace',
    );
  }
  for (const value of Object.values(clone)) {
    if (value === '' || value.startsWith('-'))
      throw usage(`'${value}' is not the name of a repository, branch or commit`);
  }
  return {
    file: text('file'),
    clone: isClone ? clone : null,
    variables: [...list('var').map(parseVariable), ...list('secret').map((secret) => parseSecret(secret, env))],
    jobs: list('job'),
    play: list('play'),
    slots: parseSlots(text('jobs')),
    workspace,
    pullPolicy: (text('pull') as PullPolicy | undefined) ?? null,
    timeout: parseTimeout(text('timeout')),
    format: (text('output') as RunFormat | undefined) ?? 'text',
  };
}

function parseVariable(assignment: string): PipelineVariable {
  const at = assignment.indexOf('=');
  if (at < 1 || !name.test(assignment.slice(0, at))) {
    throw usage(`--var ${assignment} is not a variable`, 'write it as --var KEY=VALUE');
  }
  return { name: assignment.slice(0, at), value: assignment.slice(at + 1) };
}

function parseSecret(text: string, env: CommandIo['env']): PipelineVariable {
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  // The value never gets into a message.
  if (!name.test(key)) throw usage('--secret needs a valid name', 'write it as --secret NAME or --secret NAME=VALUE');
  const value = at < 0 ? env[key] : text.slice(at + 1);
  if (value === undefined) {
    throw usage(
      `--secret ${key}: the environment has no ${key}`,
      `set it, or give the value with --secret ${key}=VALUE`,
    );
  }
  return { name: key, value, secret: true, raw: true };
}

function parseSlots(text: string | undefined): number {
  if (text === undefined) return availableParallelism() + 2;
  const slots = Number(text);
  if (/^\d+$/.test(text) && slots >= 1 && slots <= 1000) return slots;
  throw usage(`--jobs ${text} is not a number of jobs`, 'give a whole number from 1 to 1000');
}

function parseTimeout(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, amount = '', unit = 's'] = /^(\d+)\s*(s|m|h)?$/.exec(text.trim()) ?? [];
  const seconds = Number(amount) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
  if (amount !== '' && seconds >= 1 && seconds <= 30 * 86_400) return seconds;
  throw usage(`--timeout ${text} is not a duration`, 'write it as 90s, 15m or 2h');
}

const usage = (message: string, help: string | null = null): CommandError =>
  new CommandError(message, ExitCode.usage, help);
