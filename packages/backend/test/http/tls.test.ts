import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBackend } from '@xx-pipeline/backend';
import { systemClock } from '@xx-pipeline/common';
import { ApiUnreachable, backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { createServiceLog } from '@xx-pipeline/service';
import { NodeTransport } from '@xx-pipeline/service/http';

const testdata = join(import.meta.dirname, 'testdata');
const tls = { cert: join(testdata, 'tls-test.cert.pem'), key: join(testdata, 'tls-test.key.pem') };

test('a backend with a certificate serves over TLS, to those who trust the certificate', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'xx-tls-'));
  const backend = await startBackend({
    database: `sqlite:${join(directory, 'xx.sqlite')}`,
    stateDirectory: directory,
    listen: { host: '127.0.0.1', port: 0 },
    tls,
    version: '1',
    log: createServiceLog({ write: () => true }, systemClock),
  });
  const ask = async (ca: string | null) => {
    const transport = new NodeTransport({ baseUrl: backend.url, ...(ca !== null && { ca }) });
    try {
      return (await createApiClient(backendRoutes, { transport }).version()).body.version;
    } finally {
      transport.close();
    }
  };
  try {
    assert.match(backend.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await ask(await readFile(tls.cert, 'utf8')), '1');
    await assert.rejects(ask(null), ApiUnreachable);
  } finally {
    await backend.close();
    await rm(directory, { recursive: true });
  }
});
