import { join } from 'node:path';
import { type Clock, stackOf, systemClock, systemIds, type TokenRole } from '@xx-pipeline/common';
import { backendRoutes } from '@xx-pipeline/common/api';
import { HttpServer, MetricsRegistry, type ServiceLog, type TlsFiles } from '@xx-pipeline/service';
import { Authenticator } from './auth/Authenticator.ts';
import { createAccessToken, isValidToken } from './auth/access-tokens.ts';
import type { ListenAddress } from './config.ts';
import { createExecutionServices } from './execution/create-execution-services.ts';
import { backendHandlers } from './http/backend-handlers.ts';
import { checkReadiness } from './http/check-readiness.ts';
import { explainError } from './http/explain-error.ts';
import { defaultLeases, type LeaseTimes } from './leases.ts';
import { createBackendMetrics } from './metrics/BackendMetrics.ts';
import { observeExecutions } from './metrics/observe-executions.ts';
import { openStores } from './open-stores.ts';
import { createScheduling } from './scheduling/create-scheduling.ts';
import { HttpWorkerClient } from './scheduling/HttpWorkerClient.ts';
import { openSecretBox } from './secrets/open-secret-box.ts';

/** How a backend is set up. */
export interface BackendOptions {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly database: string;
  readonly listen: ListenAddress;
  /** Logs, artifacts, sources and the key of secrets. */
  readonly stateDirectory: string;
  /** With PostgreSQL: a directory all backends share, for artifacts and sources. */
  readonly sharedDirectory?: string;
  /** The key that encrypts secrets at rest; backends of one database need the same. Default: in the state directory. */
  readonly secretKeyFile?: string;
  /** The address at which people reach the server, if it is another one. */
  readonly publicUrl?: string | null;
  readonly tls?: TlsFiles | null;
  readonly version: string;
  readonly log: ServiceLog;
  readonly clock?: Clock;
  /** Default: `defaultLeases`. */
  readonly leases?: LeaseTimes;
  /** Checks every answer against the API's description; for tests. */
  readonly checkAnswers?: boolean;
}

/** A backend that serves. */
export interface RunningBackend {
  /** An address of it that works on this machine. */
  readonly url: string;
  /** Makes a token of a person or worker. */
  createToken(role: TokenRole, name: string): Promise<string>;
  isValidToken(token: string, role: TokenRole): Promise<boolean>;
  /** Stops serving. Nothing is lost: everything is in the database, workers go on and deliver later. */
  close(): Promise<void>;
}

/** Starts a backend: opens its stores, serves its API, gives jobs to workers. */
export async function startBackend(options: BackendOptions): Promise<RunningBackend> {
  const { log, clock = systemClock, version, stateDirectory, tls = null } = options;
  const { database, sharedDirectory, leases = defaultLeases } = options;
  const files = { stateDirectory, ...(sharedDirectory && { sharedDirectory }) };
  const stores = await openStores({ database, clock, leases, ...files });
  const stopping = new AbortController();
  try {
    const registry = new MetricsRegistry();
    const metrics = createBackendMetrics(registry);
    const failed = (operation: string, error: unknown) => {
      metrics.errors.add(1, { operation });
      log.error(`${operation} failed`, {
        error: stackOf(error),
      });
    };
    const { wakeups, tokens } = stores;
    const secrets = await openSecretBox(options.secretKeyFile ?? join(stateDirectory, 'secret.key'));
    const server = { publicUrl: options.publicUrl ?? null, version };
    const services = createExecutionServices({
      ...{ stores, secrets, clock, server, leases },
      ids: systemIds,
      hints: { wakeups, tellCancel: (cancels) => scheduling.tellCancel(cancels) },
    });
    services.changes.onChange(observeExecutions(stores, registry));
    const scheduling = createScheduling({
      ...{ stores, services, clock, leases },
      request: { secrets, server },
      client: new HttpWorkerClient(),
      onError: (error) => failed('scheduling', error),
    });

    const http = new HttpServer({ tls });
    const authenticator = new Authenticator(tokens, clock);
    const about = {
      ...{ version, registry },
      checkReadiness: () => checkReadiness({ database: () => stores.check() }, clock),
    };
    const parts = { services, scheduling, stores, clock, metrics, about };
    http.serve(backendRoutes, backendHandlers(parts), {
      authenticate: (token) => authenticator.authenticate(token),
      explain: explainError,
      failed,
      answered: (operation, status, ms) =>
        metrics.httpSeconds.observe(ms / 1000, { operation, status: `${Math.floor(status / 100)}xx` }),
      checkAnswers: options.checkAnswers ?? false,
    });
    http.app.get('/', (_request, reply) => reply.type('text/plain').send(greeting(version)));

    const running = scheduling.run(stopping.signal);
    const url = await http.listen({ ...options.listen, tls });
    log.info(`xx backend ${version} serves at ${url}`);
    return {
      url,
      createToken: (role, name) => createAccessToken(tokens, { role, name }, clock),
      isValidToken: (token, role) => isValidToken(tokens, token, role),
      close: async () => {
        stopping.abort();
        await http.close();
        await running;
        await stores.close();
        log.info('stopped');
      },
    };
  } catch (error) {
    stopping.abort();
    await stores.close();
    throw error;
  }
}

const greeting = (version: string) => `xx-pipeline ${version}

This is the API of a backend: /openapi.json describes it, docs/api.md shows it with curl.
On the command line: xx run, xx status, xx logs.
`;
