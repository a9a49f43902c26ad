import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPipeline } from '../../src/check-pipeline.ts';
import { makeRun, type RunRequest } from '../../src/request/make-run.ts';
import type { TreeFacts } from '../../src/request/RepositoryFacts.ts';

const tree: TreeFacts = {
  root: '/home/me/shop',
  file: '.gitlab-ci.yml',
  repository: {
    remoteUrl: 'https://example.com/group/shop.git',
    branch: 'main',
    tag: null,
    defaultBranch: 'main',
    defaultRef: null,
    commit: { sha: 'a'.repeat(40), beforeSha: null, message: 'Begin', author: 'Ann <a@b>', timestamp: '2026-01-01' },
  },
};
const plain: RunRequest = { jobs: [], play: [], variables: [], pullPolicy: null, timeout: null, createdAt: 1000 };

function planOf(text: string, variables: Record<string, string> = {}) {
  const files = { read: () => null, list: () => [] };
  const context = { predefined: {}, pipelineVariables: variables, changedFiles: null };
  const { plan } = checkPipeline({ file: 'f.yml', text, files, context });
  assert.ok(plan !== null);
  return plan;
}

const jobsOf = (run: ReturnType<typeof makeRun>) => {
  assert.ok(run.ok, JSON.stringify(run));
  return run.value.plan.stages.flatMap((stage) => stage.jobs);
};

test('a run has the name of the file, with predefined and given variables, but never a secret', () => {
  const plan = planOf('workflow: {name: "$CI_COMMIT_BRANCH of $WHO $KEY"}\na: {image: i, script: [x]}');
  const variables = [
    { name: 'WHO', value: 'me' },
    { name: 'KEY', value: 'secret', secret: true },
  ];
  const run = makeRun(plan, tree, { ...plain, variables });
  assert.ok(run.ok);
  assert.equal(run.value.name, 'main of me');
  assert.deepEqual(run.value.sourceInfo, {
    repository: 'https://example.com/group/shop.git',
    branch: 'main',
    commit: 'a'.repeat(40),
    dirty: false,
  });
});

test('a pipeline without a name has that of its project, and its variables say so', () => {
  const run = makeRun(planOf('a: {image: i, script: [x]}'), tree, plain);
  assert.ok(run.ok);
  assert.equal(run.value.name, 'shop');
  const { CI_PIPELINE_IID, CI_PIPELINE_NAME, CI_CONFIG_PATH } = run.value.predefined(7);
  assert.deepEqual([CI_PIPELINE_IID, CI_PIPELINE_NAME, CI_CONFIG_PATH], ['7', 'shop', '.gitlab-ci.yml']);
});

test('options change the plan: images are pulled as asked, jobs without a timeout get the default', () => {
  const plan = planOf('a: {image: i, script: [x], timeout: 1m}\nb: {image: i, script: [x]}');
  const jobs = jobsOf(makeRun(plan, tree, { ...plain, pullPolicy: 'never', timeout: 5 }));
  assert.deepEqual(
    jobs.map((job) => job.timeout),
    [60, 5],
  );
  assert.ok(JSON.stringify(jobs).includes('"pullPolicy":["never"]'));
});

test('jobs are chosen and played; an unknown one is a problem', () => {
  const plan = planOf(
    'a: {image: i, script: [x]}\nb: {image: i, script: [x], when: manual}\nc: {image: i, script: [x]}',
  );
  const run = makeRun(plan, tree, { ...plain, jobs: ['b'], play: ['b'] });
  assert.deepEqual(
    jobsOf(run).map((job) => job.name),
    ['b'],
  );
  assert.deepEqual(run.ok && [...run.value.playedJobs], ['b']);
  assert.ok(!makeRun(plan, tree, { ...plain, jobs: ['none'] }).ok);
});

test('the explanations of rules quote no secret', () => {
  const plan = planOf('a: {image: i, script: [x], rules: [{if: $KEY == "topsecret"}]}', { KEY: 'topsecret' });
  const variables = [{ name: 'KEY', value: 'topsecret', secret: true }];
  assert.doesNotMatch(JSON.stringify(jobsOf(makeRun(plan, tree, { ...plain, variables }))), /topsecret/);
});
