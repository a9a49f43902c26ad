import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendRoutes, openApiDocument, type Route, workerRoutes } from '@xx-pipeline/common/api';
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema?: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: object }> }>;
}

const info = { title: 'test', version: '1', description: '' };

for (const [name, routes] of Object.entries<Record<string, Route>>({ backendRoutes, workerRoutes })) {
  const document = openApiDocument(routes, info) as { paths: Record<string, Record<string, Operation>> };

  test(`every operation of ${name} is described once, with all its parameters and answers`, () => {
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    assert.deepEqual(ids.toSorted(), Object.keys(routes).toSorted());
    for (const route of Object.values(routes)) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()];
      assert(operation);
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      assert.deepEqual(
        inPath.map((parameter) => parameter.name),
        named,
        route.path,
      );
      for (const status of [...Object.keys(route.responses), ...Object.keys(route.problems ?? {})]) {
        assert(operation.responses[status]?.description, `${route.path} ${status}`);
      }
    }
  });

  test(`all schemas of ${name} are valid JSON Schema`, () => {
    const ajv = new Ajv2020({ strict: false, formats: { uuid: true, uri: true } });
    let count = 0;
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
      const bodies = [operation.requestBody, ...Object.values(operation.responses)];
      const contents = bodies.flatMap((body) => Object.values(body?.content ?? {}));
      for (const { schema } of [...contents, ...operation.parameters]) {
        if (schema === undefined || '$ref' in schema) continue;
        ajv.compile(schema);
        count++;
      }
    }
    assert(count > 5);
  });
}

test('what has a default or may be absent is not required, and numbers in addresses are numbers', () => {
  const document = openApiDocument(backendRoutes, info) as { paths: Record<string, Record<string, Operation>> };
  const parameters = document.paths['/api/pipelines/executions']?.['get']?.parameters ?? [];
  assert.deepEqual(
    parameters.filter((parameter) => parameter.required),
    [],
  );
  const limit = parameters.find((parameter) => parameter.name === 'limit');
  assert.deepEqual(limit?.schema, { default: 50, type: 'integer', minimum: 1, maximum: 500 });
});
