import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@xx-pipeline/common';
import { isTransientForWorker } from '@xx-pipeline/common/api';
import { HttpServer, type ServiceLog, type TlsFiles } from '@xx-pipeline/service';
import { NodeTransport, RetryPolicy } from '@xx-pipeline/service/http';
import { type ExecutorKind, JobRunner, machineTime, openExecutor } from '../execution/index.ts';
import { BackendContact } from './BackendContact.ts';
import { WorkerCommunicationService } from './delivery/WorkerCommunicationService.ts';
import { Fence } from './fencing/Fence.ts';
import { FencedClock } from './fencing/FencedClock.ts';
import { FencedExecutor } from './fencing/FencedExecutor.ts';
import { leaseOf } from './fencing/lease-of.ts';
import { JobExecutionController } from './http/JobExecutionController.ts';
import { WorkerConfigController } from './http/WorkerConfigController.ts';
import { WorkerHealthController } from './http/WorkerHealthController.ts';
import { PipelineExecutionWorkerService } from './PipelineExecutionWorkerService.ts';
import { CachedTreesExecutor } from './sources/CachedTreesExecutor.ts';
import { TreeCache } from './sources/TreeCache.ts';
import { UpcomingJobs } from './UpcomingJobs.ts';
import { serveWorker, WorkerApp } from './WorkerApp.ts';
import { WorkerBackendClient } from './WorkerBackendClient.ts';
import { WorkerIdentity, WorkerNotStarted } from './WorkerIdentity.ts';

/** How a worker is to be. */
export interface StartWorkerOptions {
  /** Of this worker alone: its identity, its jobs, its trees. */
  readonly stateDirectory: string;
  /** Address of the backend; absent or null = none: jobs come over this worker's own API only. */
  readonly backendUrl?: string | null;
  /** The worker's token: shown to the backend, and wanted from whoever calls this worker. */
  readonly token?: string | null;
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string;
  /** Where to listen; absent or null = nowhere: jobs are fetched by polling. */
  readonly listen?: { readonly host: string; readonly port: number; readonly tls?: TlsFiles | null } | null;
  /** Where the backend reaches this worker, when that is not where it listens. */
  readonly advertiseUrl?: string;
  /** Fetch jobs by polling although the worker listens. */
  readonly poll?: boolean;
  /** Let everybody who reaches the worker's API use it; only where nobody else can reach it. */
  readonly withoutToken?: boolean;
  readonly name?: string;
  readonly slots?: number;
  readonly labels?: readonly string[];
  readonly version: string;
  /** Default `docker`. */
  readonly executor?: ExecutorKind;
  /** Address of the engine, as in `DOCKER_HOST`. */
  readonly dockerHost?: string;
  readonly log: ServiceLog;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Seconds that running jobs get when the worker drains. Default 3600. */
  readonly drainSeconds?: number;
  /** Seconds to tell the backend the rest when the worker ends. Default 10. */
  readonly farewellSeconds?: number;
  /** Seconds of the backend's absence for which everything is kept to be told later. Default a day. */
  readonly retrySeconds?: number;
  /** Milliseconds between tries: the first pause, and the longest. Default 200 and 10,000. */
  readonly retryPauses?: readonly [first: number, longest: number];
  /** Bytes of disk for trees. Default 20 GiB. */
  readonly treeCacheBytes?: number;
  /** Transports that git may use for trees. Default https, http, ssh, git. */
  readonly gitProtocols?: readonly string[];
}

/** A worker that has been started. */
export interface StartedWorker {
  readonly workerId: string;
  /** Where it listens; null when it does not. */
  readonly url: string | null;
  /** Takes no more jobs; resolves when those running have ended or were given back and the backend knows. */
  drain(): Promise<void>;
  /** Ends it; what still runs is given back. */
  close(): Promise<void>;
}

/** Starts a worker. Throws `WorkerNotStarted`, or `ExecutionBroken` where no engine answers. */
export async function startWorker(options: StartWorkerOptions): Promise<StartedWorker> {
  const { stateDirectory, token = null, log, version, clock = systemClock, env = process.env } = options;
  const { listen = null, backendUrl = null } = options;
  if (listen === null && backendUrl === null) {
    throw new WorkerNotStarted('a worker without a backend must listen somewhere, else nobody can give it jobs');
  }
  if (listen !== null && token === null && options.withoutToken !== true) {
    throw new WorkerNotStarted('a worker that listens needs a token, or must be told to work without one');
  }
  const identity = WorkerIdentity.claim(stateDirectory);
  try {
    const scratch = join(stateDirectory, 'tmp');
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { mode: 0o700 });
    const transport =
      backendUrl === null ? null : new NodeTransport({ baseUrl: backendUrl, ...(options.ca && { ca: options.ca }) });
    const client = transport === null ? null : new WorkerBackendClient({ transport, token });
    const [firstMs, longestMs] = options.retryPauses ?? [200, 10_000];
    const budgetMs = (options.retrySeconds ?? 24 * 3600) * 1000;
    const retries = new RetryPolicy({ clock, isTransient: isTransientForWorker, budgetMs, firstMs, longestMs });
    const trees = new TreeCache({
      directory: join(stateDirectory, 'trees'),
      limit: options.treeCacheBytes ?? 20 * 2 ** 30,
      client,
      git: { protocols: options.gitProtocols ?? ['https', 'http', 'ssh', 'git'], env },
    });
    await trees.removeUnfinished();
    const { executor: opened, guard } = await openExecutor({
      kind: options.executor ?? 'docker',
      ownerId: `xx-worker:${identity.workerId}`,
      ...(options.dockerHost === undefined ? {} : { engine: options.dockerHost }),
      files: { trees: (key) => trees.pathOf(key), stateDirectory, workspaceMode: 'isolated' },
      outlive: { lock: identity.lockFile, warn: (message, fields) => log.warn(message, fields) },
      clock,
    });
    const executor = opened.traits.bringsOwnTrees ? opened : new CachedTreesExecutor(opened, trees, retries);
    const communication = new WorkerCommunicationService({ client, clock, scratch, retries });
    const fence = new Fence({
      clock,
      machineTime,
      log,
      renewed: (term) => guard?.renew(leaseOf(term, backendUrl, service.attempts.unleasedJobs())),
    });
    const fenced = new FencedExecutor({
      executor,
      fence,
      guard,
      jobs: {
        say: (jobId, attempt, line) => service.attempts.find(jobId, attempt)?.say(line),
        lose: (jobId, attempt, reason) => service.loseJob(jobId, attempt, reason),
      },
    });
    const parts = { dependencies: communication, artifacts: communication };
    const runners = {
      unleased: new JobRunner({ ...parts, executor, clock }),
      leased: new JobRunner({ ...parts, executor: fenced, clock: new FencedClock(clock, fence) }),
    };
    const slots = options.slots ?? 4;
    const upcoming =
      client !== null && executor.traits.makesAheadCheaply
        ? new UpcomingJobs({
            runner: runners.leased,
            ask: ({ jobId, attempt, token }, limit, signal) =>
              client.getUpcomingJobs({ jobId, attempt, token }, limit, signal),
            slots,
            clock,
          })
        : null;
    const service = new PipelineExecutionWorkerService({
      runners,
      upcoming,
      backend: { communication, client },
      identity,
      clock,
      log,
      settings: { slots, stateDirectory, onUnleased: () => fence.noteAgain() },
    });

    const name = options.name ?? hostname();
    const labels = options.labels ?? [];
    const pushToken = randomBytes(32).toString('base64url');
    let contact: BackendContact | null = null;
    let server: HttpServer | null = null;
    let url: string | null = null;
    if (listen !== null) {
      server = new HttpServer({ tls: listen.tls ?? null });
      const config = {
        workerId: identity.workerId,
        name,
        version,
        slots,
        labels: [...labels],
        maxRetries: Math.ceil(budgetMs / longestMs),
        retryDelaySeconds: firstMs / 1000,
        dependencyTimeoutSeconds: 3600,
      };
      const handlers = {
        ...new JobExecutionController(service),
        ...new WorkerConfigController(config),
        ...new WorkerHealthController({
          service,
          engine: () => executor.health(),
          contact: () => contact?.state ?? null,
        }),
      };
      serveWorker(server, handlers, options.withoutToken === true ? null : [token ?? '', pushToken], log);
      url = await server.listen(listen);
    }
    if (client !== null) {
      const push =
        url === null || options.poll === true ? null : { url: options.advertiseUrl ?? url, token: pushToken };
      contact = new BackendContact({
        client,
        service,
        identity,
        facts: { name, labels, version },
        push,
        fence,
        clock,
        pauses: { firstMs, longestMs },
        random: Math.random,
        log,
      });
    }
    const app = new WorkerApp({
      identity,
      service,
      executor,
      guard,
      contact,
      server,
      clock,
      log,
      announceDrain: async (signal) => client?.drain(identity.workerId, signal),
      drainMs: (options.drainSeconds ?? 3600) * 1000,
      farewellMs: (options.farewellSeconds ?? 10) * 1000,
    });
    await app.start();
    log.info('worker started', { workerId: identity.workerId, name, slots, url: url ?? undefined });
    return {
      workerId: identity.workerId,
      url,
      drain: () => app.drain(),
      close: async () => {
        await app.close();
        transport?.close();
      },
    };
  } catch (error) {
    identity.release();
    throw error;
  }
}
