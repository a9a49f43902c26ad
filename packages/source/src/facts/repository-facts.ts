import type { RepositoryFacts } from '@xx-pipeline/pipeline-language';
import type { ConfigEntry, RepositoryReader } from '../git/RepositoryReader.ts';
import { withoutCredentials } from './remote-url.ts';

/** Facts of a directory that is not a repository. */
export const noFacts: RepositoryFacts = {
  remoteUrl: null,
  branch: null,
  tag: null,
  defaultBranch: null,
  defaultRef: null,
  commit: null,
};

/** The facts, and why there are none. */
export interface FactsResult {
  readonly facts: RepositoryFacts;
  /** One sentence for the user if git refused to answer; null normally. */
  readonly problem: string | null;
}

/** Asks git everything a pipeline may want to know: three processes, two of them in parallel (about 10 ms in all). */
export async function readRepositoryFacts(reader: RepositoryReader): Promise<FactsResult> {
  const format = '--format=%H%x00%aN <%aE>%x00%cI%x00%D%x00%B';
  const [log, refs, configuration] = await Promise.all([
    reader.read(['log', '-1', '--no-show-signature', '--no-notes', '--decorate=full', format, 'HEAD']),
    reader.read(['for-each-ref', '--format=%(refname)%00%(symref)', ...defaultBranchPatterns]),
    reader.config(),
  ]);
  if (!log.ok && !refs.ok) return { facts: noFacts, problem: refusal(log.error.message, reader.cwd) };
  const remote = configuration.ok ? chooseRemote(configuration.value.entries) : null;
  const head = log.ok ? parseLog(log.value) : { commit: null, branch: await unbornBranch(reader), tag: null };
  const base = chooseDefault(refs.ok ? refs.value : '', remote?.name ?? 'origin');
  return {
    facts: {
      remoteUrl: remote === null ? null : withoutCredentials(remote.url),
      branch: head.branch,
      tag: head.tag,
      defaultBranch: base.branch ?? head.branch,
      defaultRef: base.ref,
      commit: head.commit,
    },
    problem: null,
  };
}

/** Whether the tree has changes that its commit does not have; null if git cannot answer. */
export async function isDirty(reader: RepositoryReader): Promise<boolean | null> {
  const status = await reader.read(['status', '--porcelain=v1', '-z', '--no-renames', '--ignore-submodules=dirty']);
  return status.ok ? status.value !== '' : null;
}

const defaultBranchPatterns = [
  'refs/remotes/*/HEAD',
  'refs/remotes/*/main',
  'refs/remotes/*/master',
  'refs/heads/main',
  'refs/heads/master',
];

function chooseDefault(output: string, remote: string): { branch: string | null; ref: string | null } {
  const symrefs = new Map(
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\0') as [string, string]),
  );
  const prefix = `refs/remotes/${remote}/`;
  const target = symrefs.get(`${prefix}HEAD`);
  if (target?.startsWith(prefix)) return { branch: target.slice(prefix.length), ref: target };
  for (const branch of ['main', 'master']) {
    if (symrefs.has(prefix + branch)) return { branch, ref: prefix + branch };
  }
  for (const branch of ['main', 'master']) {
    if (symrefs.has(`refs/heads/${branch}`)) return { branch, ref: null };
  }
  return { branch: null, ref: null };
}

/** `origin`, else the first remote; of several URLs the first, from which git fetches. */
function chooseRemote(entries: readonly ConfigEntry[]): { name: string; url: string } | null {
  const remotes = entries.flatMap(({ name, value }) => {
    const [, remote] = /^remote\.(.*)\.url$/s.exec(name) ?? [];
    return remote === undefined ? [] : [{ name: remote, url: value }];
  });
  return remotes.find(({ name }) => name === 'origin') ?? remotes[0] ?? null;
}

function parseLog(output: string): Pick<RepositoryFacts, 'commit' | 'branch' | 'tag'> {
  const [sha = '', author = '', timestamp = '', decoration = '', ...message] = output.split('\0');
  const names = decoration.split(', ');
  const attached = names.find((name) => name.startsWith('HEAD -> refs/heads/'));
  const tag = names.find((name) => name.startsWith('tag: refs/tags/'));
  return {
    commit: { sha, beforeSha: null, author, timestamp, message: message.join('\0').trimEnd() },
    branch: attached?.slice('HEAD -> refs/heads/'.length) ?? null,
    tag: attached === undefined ? (tag?.slice('tag: refs/tags/'.length) ?? null) : null,
  };
}

async function unbornBranch(reader: RepositoryReader): Promise<string | null> {
  const result = await reader.read(['symbolic-ref', '--short', '-q', 'HEAD']);
  return result.ok ? result.value.trim() : null;
}

function refusal(message: string, root: string): string {
  if (message.includes('dubious ownership')) {
    return `git refuses to read ${root} because another user owns it; branch and commit are unknown (fix: git config --global --add safe.directory ${root})`;
  }
  return `branch and commit are unknown: ${message.split('\n')[0]}`;
}
