import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import type * as client from '@xx-pipeline/client';
import type * as common from '@xx-pipeline/common';
import type * as api from '@xx-pipeline/common/api';
import type * as language from '@xx-pipeline/pipeline-language';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '../..');

interface Bundle {
  readonly client: typeof client;
  readonly common: typeof common;
  readonly api: typeof api;
  readonly language: typeof language;
}

const jobId = '0198c0de-0000-7000-8000-000000000001';

/** Globals that browsers and Node share; a bundle for the web finds nothing else. */
const webGlobals = { AbortController, AbortSignal, TextDecoder, TextEncoder, URL, URLSearchParams, atob, clearTimeout };

/** The doors that a web page imports, bundled for browsers. */
async function bundleForBrowsers(): Promise<{ readonly code: string; readonly imports: readonly string[] }> {
  const entry = '\0doors';
  const bundle = await rolldown({
    input: entry,
    cwd: root,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'doors',
        resolveId: (id) => (id === entry ? entry : null),
        load: (id) =>
          id === entry
            ? [
                `export * as client from '${root}/packages/client/src/index.ts';`,
                `export * as common from '${root}/packages/common/src/index.ts';`,
                `export * as api from '${root}/packages/common/src/api/index.ts';`,
                `export * as language from '${root}/packages/pipeline-language/src/index.ts';`,
              ].join('\n')
            : null,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'iife', name: 'bundle' });
  await bundle.close();
  const [chunk] = output;
  return { code: chunk.code, imports: output.flatMap((each) => (each.type === 'chunk' ? each.imports : [])) };
}

const { code, imports } = await bundleForBrowsers();

test('what a web page may import has no built-in module of Node in its bundle', () => {
  assert.deepEqual(imports, []);
  const loads = code.match(/\brequire\(.{0,40}|["'`]node:.{0,40}/g) ?? [];
  assert.deepEqual(loads, []);
});

test('the bundle runs where only the globals of the web are', async () => {
  const context = createContext({ ...webGlobals, setTimeout });
  const { client, common, api, language } = runInContext(`${code}\nbundle;`, context) as Bundle;
  const log = { offset: 0, stream: 'stdout', at: 1, base64: '/w==' };
  const answers: Readonly<Record<string, string>> = {
    '/api/version': '{"version":"1.2.3"}',
    [`/api/jobs/${jobId}/log/events?attempt=1&offset=0`]: [
      api.writeServerSentEvent({ id: 1, event: 'log', data: log }),
      api.writeServerSentEvent({ event: 'end', data: {} }),
    ].join(''),
  };
  const transport: api.ApiTransport = {
    send: async ({ path }) => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield new TextEncoder().encode(answers[path]);
      })(),
    }),
  };
  const backend = { api: api.createApiClient(api.backendRoutes, { transport, token: 'x' }), url: 'https://ci.example' };
  assert.equal((await backend.api.version()).body.version, '1.2.3');

  const { signal } = new AbortController();
  const connection = new client.Connection({ clock: common.systemClock, signal, onNotice() {}, budgetMs: 0 });
  const chunks = client.followLog({ jobId, attempt: 1 }, backend, connection);
  assert.equal(String((await chunks.next()).value?.bytes), '255');
  assert.equal((await chunks.next()).done, true);
  assert.equal(client.statusLook('FAILED', true).word, 'failed (allowed)');

  const chunk: common.LogChunk = { stream: 'runner', at: 1_764_200_000_123, bytes: new TextEncoder().encode('ä\n') };
  const [decoded] =
    api.decodeLogFrames(Uint8Array.from(api.encodeLogFrame(chunk).flatMap((piece) => [...piece]))) ?? [];
  assert.deepEqual([decoded?.stream, decoded?.at, String(decoded?.bytes)], ['runner', chunk.at, String(chunk.bytes)]);

  assert.equal(common.isoTime(0), '1970-01-01T00:00:00.000Z');

  const text = 'job:\n  image: busybox\n  script: true\n';
  const noFiles = { read: () => null, list: () => [] };
  const surroundings = { predefined: {}, pipelineVariables: {}, changedFiles: null };
  const checked = language.checkPipeline({ file: 'ci.yml', text, files: noFiles, context: surroundings });
  assert.equal(checked.diagnostics.length, 1);
});
