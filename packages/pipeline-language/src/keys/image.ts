import type { ImagePlan, PullPolicy } from '@xx-pipeline/common';
import { codes } from '../diagnostics/codes.ts';
import { presentValue } from '../syntax/nodes.ts';
import { fieldsSchema } from './fields-schema.ts';
import { type Fields, keyword, server } from './Keyword.ts';
import { isText, readChoice, readTexts, textKeyword, textListSchema, textSchema } from './kinds.ts';

const policies = ['always', 'if-not-present', 'never'] as const;

const pullPolicy = keyword<readonly PullPolicy[]>({
  name: 'pull_policy',
  summary: 'When to pull the image; several policies are tried in order',
  schema: { anyOf: [{ enum: policies }, { type: 'array', items: { enum: policies } }] },
  read(node, reader) {
    const items = node.kind === 'seq' ? node.items : [node];
    const read = items.flatMap((item) => readChoice(item, reader, 'pull_policy', policies) ?? []);
    return read.length === 0 ? undefined : read;
  },
});

const dockerFields = {
  platform: textKeyword('platform', 'Platform to pull, such as linux/arm64'),
  user: textKeyword('user', 'User that runs the commands'),
} as const satisfies Fields;

const docker = keyword({
  name: 'docker',
  summary: 'Options of the container engine',
  schema: fieldsSchema(dockerFields),
  read: (node, reader) => reader.mapping(node, dockerFields, 'image:docker'),
});

const entrypoint = keyword<readonly string[]>({
  name: 'entrypoint',
  summary: "Replaces the image's entrypoint; [''] removes it",
  schema: { anyOf: [textSchema, textListSchema] },
  read(node, reader) {
    if (isText(node)) return [node.text];
    return readTexts(node, reader, 'entrypoint')?.map((item) => item.text);
  },
});

const imageFields = {
  name: textKeyword('name', 'Name of the image'),
  entrypoint,
  pull_policy: pullPolicy,
  docker,
  kubernetes: server('kubernetes', 'options of the Kubernetes executor'),
} as const satisfies Fields;

/** The container image a job runs in. */
export const image = keyword<ImagePlan>({
  name: 'image',
  summary: 'Container image that the job runs in',
  schema: { anyOf: [textSchema, fieldsSchema(imageFields, ['name'])] },
  read(node, reader) {
    if (isText(node) && node.text.trim() !== '') return { name: node.text };
    if (node.kind !== 'map') {
      reader.wrongType(
        node,
        '`image` config should be a hash or a string (and not blank)',
        'write `image: alpine:3.20`',
      );
      return undefined;
    }
    const fields = reader.fields(node, imageFields, 'image');
    if (presentValue(node, 'name') === undefined || fields.name === '') {
      reader.sink.report(codes.missingKey, {
        message: "`image` name can't be blank",
        span: node,
        help: 'add `name: alpine:3.20`',
      });
    }
    if (fields.name === undefined) return undefined;
    return {
      name: fields.name,
      ...(fields.entrypoint && { entrypoint: fields.entrypoint }),
      ...(fields.pull_policy && { pullPolicy: fields.pull_policy }),
      ...(fields.docker?.user !== undefined && { user: fields.docker.user }),
      ...(fields.docker?.platform !== undefined && { platform: fields.docker.platform }),
    };
  },
});
