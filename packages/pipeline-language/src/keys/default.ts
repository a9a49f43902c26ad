import { artifacts } from './artifacts.ts';
import { fieldsSchema } from './fields-schema.ts';
import { image } from './image.ts';
import { type Fields, keyword, later, server } from './Keyword.ts';
import { retry } from './retry.ts';
import { afterScript, beforeScript } from './script.ts';
import { interruptible, tags, timeout } from './simple-keys.ts';

/** Keys that a file may set once for all jobs. */
export const defaultFields = {
  image,
  before_script: beforeScript,
  after_script: afterScript,
  artifacts,
  retry,
  timeout,
  interruptible,
  tags,
  hooks: later('hooks', 'commands before the checkout'),
  cache: later('cache', 'files kept between pipelines'),
  services: later('services', 'containers beside the job'),
  id_tokens: later('id_tokens', 'OpenID Connect tokens'),
  identity: server('identity', 'an identity of a cloud provider'),
} as const satisfies Fields;

/** Default values for jobs that do not set the key. */
export const defaultKeyword = keyword({
  name: 'default',
  summary: 'Default values for jobs that do not set the key',
  schema: fieldsSchema(defaultFields),
  read: (node, reader) => reader.mapping(node, defaultFields, 'default'),
});
