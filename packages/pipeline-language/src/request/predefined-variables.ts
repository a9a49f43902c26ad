import { slug } from './slug.ts';

/** The commit a pipeline runs on. */
export interface CommitFacts {
  readonly sha: string;
  /** The branch's commit before a push; null when it is not known. */
  readonly beforeSha: string | null;
  readonly message: string;
  /** `Name <mail>`. */
  readonly author: string;
  /** Committer date, ISO 8601. */
  readonly timestamp: string;
}

/** The project a pipeline belongs to. */
export interface ProjectFacts {
  /** Last part of the path. */
  readonly name: string;
  /** `group/subgroup/project`; the name alone for a project without a server. */
  readonly path: string;
  /** Web address; null when it has none. */
  readonly url: string | null;
  /** Address to clone from; null when it has none. */
  readonly repositoryUrl: string | null;
  readonly id?: string;
}

/** All that is known of a pipeline before it is created. What is null or absent leaves its variables unset. */
export interface PipelineFacts {
  readonly pipeline: {
    readonly id: string;
    /** Per project, counting up from 1. */
    readonly runNumber: number;
    /** `push`, `web`, `api`, `schedule`, … */
    readonly source: string;
    readonly createdAt: string;
    readonly name: string | null;
    readonly url: string | null;
    /** Path of the pipeline file in the repository. */
    readonly configPath: string;
  };
  readonly project: ProjectFacts;
  /** null outside a git repository. */
  readonly commit: CommitFacts | null;
  /** null in a tag pipeline or without repository. */
  readonly branch: string | null;
  /** Set in a tag pipeline only. */
  readonly tag: string | null;
  readonly tagMessage?: string;
  readonly defaultBranch: string | null;
  readonly user?: { readonly login: string; readonly name: string; readonly email: string; readonly id?: string };
  readonly server?: { readonly url: string; readonly version: string };
}

const noCommit = '0'.repeat(40);
const shortShaLength = 8;
/** A title at least this long makes the whole message the description. */
const longTitle = 100;

/** The variables every job of a pipeline starts with, also visible to rules; the weakest of all. */
export function pipelineVariables(facts: PipelineFacts): Record<string, string> {
  const variables: Record<string, string> = { CI: 'true', GITLAB_CI: 'true' };
  const all = {
    ...serverVariables(facts.server),
    ...projectVariables(facts.project),
    ...refVariables(facts),
    ...commitVariables(facts.commit),
    ...runVariables(facts),
    ...userVariables(facts),
  };
  for (const [name, value] of Object.entries(all)) if (value !== null && value !== undefined) variables[name] = value;
  return variables;
}

type MaybeVariables = Record<string, string | null | undefined>;

function runVariables({ pipeline, defaultBranch }: PipelineFacts): MaybeVariables {
  return {
    CI_PIPELINE_ID: pipeline.id,
    CI_PIPELINE_IID: String(pipeline.runNumber),
    CI_PIPELINE_SOURCE: pipeline.source,
    CI_PIPELINE_CREATED_AT: pipeline.createdAt,
    CI_PIPELINE_NAME: pipeline.name,
    CI_PIPELINE_URL: pipeline.url,
    CI_CONFIG_PATH: pipeline.configPath,
    CI_DEFAULT_BRANCH: defaultBranch,
  };
}

function refVariables({ branch, tag, tagMessage, defaultBranch }: PipelineFacts): MaybeVariables {
  const ref = tag ?? branch;
  return {
    CI_COMMIT_REF_NAME: ref,
    CI_COMMIT_REF_SLUG: ref === null ? null : slug(ref),
    CI_COMMIT_REF_PROTECTED: ref === null ? null : String(ref === defaultBranch),
    CI_COMMIT_BRANCH: tag === null ? branch : null,
    CI_COMMIT_TAG: tag,
    CI_COMMIT_TAG_MESSAGE: tag === null ? null : tagMessage,
  };
}

function commitVariables(commit: CommitFacts | null): MaybeVariables {
  if (commit === null) return {};
  const [title = '', ...rest] = commit.message.trimEnd().split('\n');
  return {
    CI_COMMIT_SHA: commit.sha,
    CI_COMMIT_SHORT_SHA: commit.sha.slice(0, shortShaLength),
    CI_COMMIT_BEFORE_SHA: commit.beforeSha ?? noCommit,
    CI_COMMIT_MESSAGE: commit.message,
    CI_COMMIT_TITLE: title,
    CI_COMMIT_DESCRIPTION: title.length >= longTitle ? commit.message : rest.join('\n').trim(),
    CI_COMMIT_AUTHOR: commit.author,
    CI_COMMIT_TIMESTAMP: commit.timestamp,
  };
}

function projectVariables(project: ProjectFacts): MaybeVariables {
  const namespace = project.path.split('/').slice(0, -1);
  return {
    CI_PROJECT_ID: project.id ?? '1',
    CI_PROJECT_NAME: project.name,
    CI_PROJECT_TITLE: project.name,
    CI_PROJECT_PATH: project.path,
    CI_PROJECT_PATH_SLUG: slug(project.path),
    CI_PROJECT_NAMESPACE: namespace.join('/'),
    CI_PROJECT_ROOT_NAMESPACE: namespace[0] ?? '',
    CI_PROJECT_URL: project.url,
    CI_PROJECT_VISIBILITY: 'private',
    CI_REPOSITORY_URL: project.repositoryUrl,
  };
}

/** `CI_SERVER_*`; without a server only what is known of this program. */
export function serverVariables(server: PipelineFacts['server']): Readonly<Record<string, string | undefined>> {
  const common = { CI_SERVER: 'yes', CI_SERVER_NAME: 'xx-pipeline', CI_TEMPLATE_REGISTRY_HOST: 'registry.gitlab.com' };
  if (server === undefined || !URL.canParse(server.url)) return common;
  const url = new URL(server.url);
  const protocol = url.protocol.replace(':', '');
  const [major, minor, patch] = server.version.split(/[.-]/);
  return {
    ...common,
    CI_SERVER_URL: server.url.replace(/\/$/, ''),
    CI_SERVER_HOST: url.hostname,
    CI_SERVER_PORT: url.port === '' ? (protocol === 'https' ? '443' : '80') : url.port,
    CI_SERVER_PROTOCOL: protocol,
    CI_SERVER_FQDN: url.host,
    CI_SERVER_VERSION: server.version,
    CI_SERVER_VERSION_MAJOR: major,
    CI_SERVER_VERSION_MINOR: minor,
    CI_SERVER_VERSION_PATCH: patch,
  };
}

function userVariables({ user }: PipelineFacts): MaybeVariables {
  if (user === undefined) return {};
  return {
    GITLAB_USER_ID: user.id ?? '1',
    GITLAB_USER_LOGIN: user.login,
    GITLAB_USER_NAME: user.name,
    GITLAB_USER_EMAIL: user.email,
  };
}
