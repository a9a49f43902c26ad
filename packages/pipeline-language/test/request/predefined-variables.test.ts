import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PipelineFacts, pipelineVariables } from '../../src/request/predefined-variables.ts';
import { projectFacts } from '../../src/request/project-facts.ts';
import { slug } from '../../src/request/slug.ts';

const facts: PipelineFacts = {
  pipeline: {
    id: 'p1',
    runNumber: 7,
    source: 'push',
    createdAt: '2026-01-01T00:00:00Z',
    name: null,
    url: null,
    configPath: '.gitlab-ci.yml',
  },
  project: projectFacts('git@example.com:group/sub/app.git'),
  commit: {
    sha: '0123456789abcdef0123456789abcdef01234567',
    beforeSha: null,
    message: 'Add a thing\n\nBecause of $reasons.\n',
    author: 'Ann <ann@example.com>',
    timestamp: '2026-01-01T00:00:00+01:00',
  },
  branch: 'Feature/X_1',
  tag: null,
  defaultBranch: 'main',
  server: { url: 'https://ci.example.com:8443/', version: '18.1.2' },
};

test('a branch pipeline', () => {
  const variables = pipelineVariables(facts);
  const expected = {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_PIPELINE_IID: '7',
    CI_PIPELINE_SOURCE: 'push',
    CI_COMMIT_SHORT_SHA: '01234567',
    CI_COMMIT_BEFORE_SHA: '0'.repeat(40),
    CI_COMMIT_BRANCH: 'Feature/X_1',
    CI_COMMIT_REF_NAME: 'Feature/X_1',
    CI_COMMIT_REF_SLUG: 'feature-x-1',
    CI_COMMIT_REF_PROTECTED: 'false',
    CI_COMMIT_TITLE: 'Add a thing',
    CI_COMMIT_DESCRIPTION: 'Because of $reasons.',
    CI_DEFAULT_BRANCH: 'main',
    CI_PROJECT_NAME: 'app',
    CI_PROJECT_PATH: 'group/sub/app',
    CI_PROJECT_PATH_SLUG: 'group-sub-app',
    CI_PROJECT_NAMESPACE: 'group/sub',
    CI_PROJECT_ROOT_NAMESPACE: 'group',
    CI_PROJECT_URL: 'https://example.com/group/sub/app',
    CI_SERVER_URL: 'https://ci.example.com:8443',
    CI_SERVER_HOST: 'ci.example.com',
    CI_SERVER_PORT: '8443',
    CI_SERVER_FQDN: 'ci.example.com:8443',
    CI_SERVER_VERSION_MINOR: '1',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(variables[name], value, name);
  for (const name of ['CI_COMMIT_TAG', 'CI_PIPELINE_NAME', 'CI_JOB_ID', 'GITLAB_USER_LOGIN']) {
    assert.ok(!(name in variables), name);
  }
});

test('a tag pipeline has no branch', () => {
  const variables = pipelineVariables({ ...facts, branch: 'main', tag: 'v1.0', tagMessage: 'first' });
  assert.ok(!('CI_COMMIT_BRANCH' in variables));
  assert.deepEqual(
    [variables['CI_COMMIT_TAG'], variables['CI_COMMIT_REF_SLUG'], variables['CI_COMMIT_TAG_MESSAGE']],
    ['v1.0', 'v1-0', 'first'],
  );
});

test('outside a repository nothing of a commit is set', () => {
  const variables = pipelineVariables({ ...facts, commit: null, branch: null, project: projectFacts('/home/ann/app') });
  assert.deepEqual(
    Object.keys(variables).filter((name) => name.startsWith('CI_COMMIT')),
    [],
  );
  assert.deepEqual([variables['CI_PROJECT_PATH'], variables['CI_PROJECT_NAMESPACE']], ['app', '']);
});

const slugs: readonly (readonly [string, string])[] = [
  ['main', 'main'],
  ['Feature/X_1', 'feature-x-1'],
  ['--a--', 'a'],
  ['ä', ''],
  [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
];

for (const [text, expected] of slugs) {
  test(`the slug of ${text} is ${JSON.stringify(expected)}`, () => {
    assert.equal(slug(text), expected);
  });
}

const remotes: readonly (readonly [string, string, string | null, string | null])[] = [
  ['git@example.com:group/app.git', 'group/app', 'https://example.com/group/app', 'git@example.com:group/app.git'],
  [
    'https://example.com/group/app.git',
    'group/app',
    'https://example.com/group/app',
    'https://example.com/group/app.git',
  ],
  ['https://bot:token@example.com/g/app', 'g/app', 'https://example.com/g/app', 'https://example.com/g/app'],
  ['http://localhost:3000/g/app.git', 'g/app', 'http://localhost:3000/g/app', 'http://localhost:3000/g/app.git'],
  ['ssh://git@example.com:2222/g/app.git', 'g/app', 'https://example.com/g/app', 'ssh://example.com:2222/g/app.git'],
  ['/home/ann/app', 'app', null, null],
  ['file:///home/ann/app.git', 'app', null, null],
  ['C:\\src\\app', 'app', null, null],
];

for (const [repository, path, url, clone] of remotes) {
  test(`the project of ${repository}`, () => {
    const project = projectFacts(repository);
    assert.deepEqual([project.path, project.url, project.repositoryUrl, project.name], [path, url, clone, 'app']);
  });
}
