import type { ArtifactsPlan } from '@xx-pipeline/common';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, later, server } from './Keyword.ts';
import { choiceKeyword, durationKeyword, globsKeyword, isText, textKeyword, textSchema } from './kinds.ts';

const expiry = durationKeyword('expire_in', 'How long artifacts are kept, or never', Number.POSITIVE_INFINITY);

const expireIn = keyword<number | null>({
  ...expiry,
  schema: textSchema,
  read: (node, reader) =>
    isText(node) && node.text.trim().toLowerCase() === 'never' ? null : reader.value(expiry, node),
});

const securityReport = (name: string) => server(name, 'a report that GitLab evaluates');

const reportFields = {
  dotenv: later('dotenv', 'variables for later jobs'),
  junit: later('junit', 'a test report'),
  coverage_report: later('coverage_report', 'a coverage report'),
  codequality: later('codequality', 'a code quality report'),
  annotations: later('annotations', 'links shown with the job'),
  ...Object.fromEntries(
    [
      'sast secret_detection dependency_scanning container_scanning dast performance browser_performance',
      'load_performance license_scanning metrics lsif terraform accessibility coverage_fuzzing api_fuzzing',
      'cluster_image_scanning requirements requirements_v2 cyclonedx repository_xray sarif',
    ]
      .flatMap((names) => names.split(' '))
      .map((name) => [name, securityReport(name)]),
  ),
} satisfies Fields;

const reports = keyword({
  name: 'reports',
  summary: 'Report files to collect',
  schema: fieldsSchema(reportFields),
  read: (node, reader) => reader.mapping(node, reportFields, 'artifacts:reports'),
});

const artifactFields = {
  paths: globsKeyword('paths', 'Files to keep, relative to the workspace'),
  exclude: globsKeyword('exclude', 'Files to leave out although `paths` matches them'),
  when: choiceKeyword('when', 'Job results for which artifacts are kept', ['on_success', 'on_failure', 'always']),
  name: textKeyword('name', 'Name of the archive'),
  expire_in: expireIn,
  reports,
  untracked: later('untracked', 'keeping all files that git does not track'),
  expose_as: server('expose_as', 'a link in merge requests'),
  public: server('public', 'who may see them'),
  access: server('access', 'who may see them'),
} as const satisfies Fields;

/** Files that a job keeps and passes on. */
export const artifacts = keyword<ArtifactsPlan>({
  name: 'artifacts',
  summary: 'Files to keep and pass to later jobs',
  schema: fieldsSchema(artifactFields),
  read(node, reader) {
    const fields = reader.mapping(node, artifactFields, 'artifacts');
    return (
      fields && {
        ...(fields.name !== undefined && { name: fields.name }),
        paths: fields.paths ?? [],
        exclude: fields.exclude ?? [],
        when: fields.when ?? 'on_success',
        ...(fields.expire_in !== undefined && { expireIn: fields.expire_in }),
      }
    );
  },
});
