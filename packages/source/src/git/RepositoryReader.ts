import { failure, success } from '@xx-pipeline/common';
import { commonConfig, type Environment, type GitConfig, gitEnvironment } from './git-environment.ts';
import { type GitResult, runGit, runGitSync } from './git-process.ts';
import { neutralValue } from './program-keys.ts';

/** A directory inside a repository, and the limits of the calls there. */
export interface GitCall {
  readonly cwd: string;
  readonly env: Environment;
  readonly signal?: AbortSignal;
}

/** An entry of a repository's configuration; the name as git lists it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
}

/** Shows whether git takes its configuration from the environment (2.31 and newer); all protection depends on it. */
const probe = ['xx.probe', 'here'] as const;

/** Beside the configuration: no transport is allowed, and missing objects are not fetched. */
const settings: Environment = {
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ASKPASS: '',
  GIT_SSH_COMMAND: 'false',
  GIT_PROXY_COMMAND: 'false',
  GIT_EDITOR: 'false',
};

/**
 * Reads an existing repository without trusting it: no call starts a program that the repository names, and none
 * reaches another machine.
 *
 *   git config --list --> every key that starts a program, switched off --> the call, with these on top of all files
 *
 * Filters are switched off, too: a file whose times have changed is compared as it is, so that one that only a filter
 * makes equal (Git LFS) counts as changed. Callers pass `--ignore-submodules=dirty` to whatever looks at contents: a
 * nested repository has a configuration of its own. Names from outside always follow `--end-of-options` or `--`.
 */
export class RepositoryReader {
  readonly #call: GitCall;
  #configuration: Promise<Configuration> | null = null;
  #known: Configuration | null = null;

  constructor(call: GitCall) {
    this.#call = call;
  }

  get cwd(): string {
    return this.#call.cwd;
  }

  /** Runs one call of git. Rejects with the reason of the signal when it aborts. */
  async read(args: readonly string[]): Promise<GitResult> {
    const configuration = await this.#read();
    return configuration.ok ? runGit({ ...this.#call, args, env: configuration.value.env }) : configuration;
  }

  /** The same, blocking. */
  readSync(args: readonly string[]): GitResult {
    this.#known ??= toConfiguration(runGitSync(this.#listing()), this.#call.env);
    const { cwd } = this.#call;
    return this.#known.ok ? runGitSync({ cwd, args, env: this.#known.value.env }) : this.#known;
  }

  /** The configuration of the repository, in the order of git: the last entry of a name counts. */
  async config(): Promise<Configuration> {
    return this.#read();
  }

  #read(): Promise<Configuration> {
    this.#configuration ??= runGit({ ...this.#call, ...this.#listing() }).then((result) => {
      this.#known ??= toConfiguration(result, this.#call.env);
      return this.#known;
    });
    return this.#configuration;
  }

  #listing() {
    const env = gitEnvironment(this.#call.env, [...commonConfig, probe], settings);
    return { cwd: this.#call.cwd, args: ['config', '--list', '-z'], env };
  }
}

type Configuration =
  | { readonly ok: true; readonly value: { readonly entries: readonly ConfigEntry[]; readonly env: NodeJS.ProcessEnv } }
  | Extract<GitResult, { readonly ok: false }>;

function toConfiguration(result: GitResult, base: Environment): Configuration {
  if (!result.ok) return result;
  const entries = result.value.split('\0').flatMap((entry): ConfigEntry[] => {
    if (entry === '') return [];
    const end = entry.indexOf('\n');
    // A key without a value is a true boolean.
    return end < 0 ? [{ name: entry, value: 'true' }] : [{ name: entry.slice(0, end), value: entry.slice(end + 1) }];
  });
  if (!entries.some(({ name }) => name === probe[0])) return refused('git is too old: xx needs version 2.31 or newer');
  const off: [string, string][] = [];
  for (const name of new Set(entries.map((entry) => entry.name))) {
    const value = neutralValue(name);
    if (value === null) continue;
    // The bytes of the name are lost: it cannot be switched off.
    if (name.includes('\ufffd'))
      return refused(`the repository configures a program under a name that is not UTF-8: ${name}`);
    off.push([name, value]);
    // A filter that is required and switched off would make the call fail.
    if (/^filter\./i.test(name)) off.push([`${name.slice(0, name.lastIndexOf('.'))}.required`, 'false']);
  }
  const config: GitConfig = [...commonConfig, ['safe.bareRepository', 'explicit'], ...off];
  return success({ entries, env: gitEnvironment(base, config, settings) });
}

const refused = (message: string) => failure({ kind: 'failed' as const, message });
