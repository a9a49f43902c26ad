import { type GitCall, type GitResult, git } from '../git/git.ts';
import { withoutCredentials } from './remote-url.ts';

/** What git knows about a checked-out tree; null where it does not. */
export interface RepositoryFacts {
  /** The remote's URL without credentials; null without a remote. */
  readonly remoteUrl: string | null;
  /** null when HEAD is detached. */
  readonly branch: string | null;
  /** A tag at HEAD, only when HEAD is detached: who is on a branch runs that branch. */
  readonly tag: string | null;
  readonly defaultBranch: string | null;
  /** The remote's idea of the default branch, as a full ref to compare with. */
  readonly defaultRef: string | null;
  /** null in a repository without commits. */
  readonly commit: CommitFacts | null;
}

/** One commit. */
export interface CommitFacts {
  readonly sha: string;
  readonly message: string;
  /** `Name <mail>`. */
  readonly author: string;
  /** Committer date, ISO 8601 with zone. */
  readonly committedAt: string;
}

/** Facts of a directory that is no repository. */
export const noFacts: RepositoryFacts = {
  remoteUrl: null,
  branch: null,
  tag: null,
  defaultBranch: null,
  defaultRef: null,
  commit: null,
};

/** What was learned, and what stood in the way. */
export interface FactsResult {
  readonly facts: RepositoryFacts;
  /** One sentence for the user when git refused to answer; null normally. */
  readonly problem: string | null;
}

/** Asks git everything a pipeline may want to know, with three processes side by side (about 10 ms in all). */
export async function readRepositoryFacts(call: GitCall): Promise<FactsResult> {
  const [log, refs, remotes] = await Promise.all([
    git(
      ['log', '-1', '--no-show-signature', '--decorate=full', '--format=%H%x00%aN <%aE>%x00%cI%x00%D%x00%B', 'HEAD'],
      call,
    ),
    git(['for-each-ref', '--format=%(refname)%00%(symref)', ...defaultBranchPatterns], call),
    git(['config', '-z', '--get-regexp', '^remote\\..*\\.url$'], call),
  ]);
  if (!log.ok && !refs.ok) return { facts: noFacts, problem: refusal(log.failure.message, call.cwd) };
  const remote = parseRemotes(remotes);
  const head = log.ok ? parseLog(log.output) : { commit: null, branch: await unbornBranch(call), tag: null };
  const base = chooseDefault(refs.ok ? refs.output : '', remote?.name ?? 'origin');
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

/** Whether the tree has changes that its commit does not have; null when git cannot say. */
export async function isDirty(call: GitCall): Promise<boolean | null> {
  const status = await git(['status', '--porcelain=v1', '-z', '--no-renames', '--ignore-submodules=none'], call);
  return status.ok ? status.output !== '' : null;
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

function parseRemotes(result: GitResult): { name: string; url: string } | null {
  if (!result.ok) return null;
  const remotes = result.output.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n');
    return end < 0 ? [] : [{ name: entry.slice('remote.'.length, end - '.url'.length), url: entry.slice(end + 1) }];
  });
  return remotes.find(({ name }) => name === 'origin') ?? remotes[0] ?? null;
}

function parseLog(output: string): Pick<RepositoryFacts, 'commit' | 'branch' | 'tag'> {
  const [sha = '', author = '', committedAt = '', decoration = '', ...message] = output.split('\0');
  const names = decoration.split(', ');
  const attached = names.find((name) => name.startsWith('HEAD -> refs/heads/'));
  const tag = names.find((name) => name.startsWith('tag: refs/tags/'));
  return {
    commit: { sha, author, committedAt, message: message.join('\0').trimEnd() },
    branch: attached?.slice('HEAD -> refs/heads/'.length) ?? null,
    tag: attached === undefined ? (tag?.slice('tag: refs/tags/'.length) ?? null) : null,
  };
}

async function unbornBranch(call: GitCall): Promise<string | null> {
  const result = await git(['symbolic-ref', '--short', '-q', 'HEAD'], call);
  return result.ok ? result.output.trim() : null;
}

function refusal(message: string, root: string): string {
  if (message.includes('dubious ownership')) {
    return `git refuses to read ${root} because another user owns it; branch and commit stay unknown (mend it with: git config --global --add safe.directory ${root})`;
  }
  return `branch and commit stay unknown: ${message.split('\n')[0]}`;
}
