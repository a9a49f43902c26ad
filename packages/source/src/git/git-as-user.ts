import { dirname } from 'node:path';
import { commonConfig, type Environment, type GitConfig, gitEnvironment } from './git-environment.ts';
import { type GitResult, runGit } from './git-process.ts';

/** A call of git that may use the network and the credentials of the user who runs this process. */
export interface UserGitCall {
  /** A directory that we made; no configuration of a repository around it is read. */
  readonly cwd: string;
  readonly env: Environment;
  /** Transports allowed: `https`, `ssh`, `file`, … */
  readonly protocols: readonly string[];
  readonly config?: GitConfig;
  readonly signal?: AbortSignal;
}

/**
 * Runs git in a repository that we made, with the configuration, helpers and filters of the user, which are trusted.
 * Nothing that a server sends starts a program: hooks are off, and so are transports that run commands. Nothing waits
 * for a person, and an abort kills the helpers together with git.
 */
export function gitAsUser(args: readonly string[], call: UserGitCall): Promise<GitResult> {
  const { cwd, protocols, config = [], signal } = call;
  const env = gitEnvironment(call.env, [...commonConfig, ...config], {
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_CEILING_DIRECTORIES: dirname(cwd),
  });
  return runGit({ args, cwd, env, ownGroup: true, ...(signal === undefined ? {} : { signal }) });
}

/** What `git --version` prints; outside of any repository. */
export function gitVersion(env: Environment, signal: AbortSignal): Promise<GitResult> {
  return runGit({ args: ['--version'], cwd: '/', env: { ...env, LC_ALL: 'C' }, signal });
}

/**
 * The program that serves a repository of this machine to a clone, as `--upload-pack` takes it. It reads the
 * configuration of that repository, so it may neither fetch nor start anything.
 */
export const localUploadPack = 'GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 GIT_SSH_COMMAND=false git-upload-pack';
