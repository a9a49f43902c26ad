import { backendRoutes, openApiDocument } from '@xx-pipeline/common/api';
import { HttpProblem } from '@xx-pipeline/service';
import type { HandlersOf, HttpParts } from './HttpParts.ts';

/** The service itself: is it there, can it serve, what does it count, what can it do. */
export function serviceHandlers({
  about: { version, registry, checkReadiness },
}: HttpParts): HandlersOf<'version' | 'alive' | 'ready' | 'metrics' | 'openapi'> {
  const document = openApiDocument(backendRoutes, {
    title: 'xx-pipeline backend',
    version,
    description: 'Runs pipelines on workers. Errors are problem documents (RFC 9457); unknown fields are ignored.',
  });
  return {
    version: async () => ({ status: 200, body: { version } }),
    alive: async () => ({ status: 200, body: { status: 'ok' } }),
    ready: async () => {
      const checks = await checkReadiness();
      const bad = Object.entries(checks).filter(([, state]) => state !== 'ok');
      if (bad.length === 0) return { status: 200, body: { status: 'ok', checks } };
      throw new HttpProblem('unavailable', bad.map(([name, state]) => `${name}: ${state}`).join('; '));
    },
    metrics: async () => ({ status: 200, body: await registry.render() }),
    openapi: async () => ({ status: 200, body: document }),
  };
}
