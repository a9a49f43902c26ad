import { type Clock, stackOf } from '@xx-pipeline/common';
import { workerRoutes } from '@xx-pipeline/common/api';
import { type Handlers, type HttpServer, hashToken, type ServiceLog, sameHash } from '@xx-pipeline/service';
import type { ContainerGuard, JobExecutor } from '../execution/index.ts';
import type { BackendContact } from './BackendContact.ts';
import type { PipelineExecutionWorkerService } from './PipelineExecutionWorkerService.ts';
import type { WorkerIdentity } from './WorkerIdentity.ts';

/** What a worker process is made of. */
export interface WorkerAppParts {
  readonly identity: WorkerIdentity;
  readonly service: PipelineExecutionWorkerService;
  readonly executor: JobExecutor;
  /** null: no backend. */
  readonly contact: BackendContact | null;
  /** null: containers end with this process. */
  readonly guard: ContainerGuard | null;
  /** null: nobody can call this worker. */
  readonly server: HttpServer | null;
  readonly clock: Clock;
  readonly log: ServiceLog;
  /** Tells the backend that it should send nothing more. */
  readonly announceDrain: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds that running jobs get when the worker drains. */
  readonly drainMs: number;
  /** Milliseconds for telling the backend the rest. */
  readonly farewellMs: number;
}

/**
 * A worker process from its start to its end:
 *
 *   keep contact --the backend has said what is ours--> recover, serve --> drain (no new jobs; running ones end, or are given back) --> close
 */
export class WorkerApp {
  readonly #parts: WorkerAppParts;
  readonly #stop = new AbortController();
  #contact: Promise<void> = Promise.resolve();
  #drained: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(parts: WorkerAppParts) {
    this.#parts = parts;
  }

  get workerId(): string {
    return this.#parts.identity.workerId;
  }

  /**
   * Begins to take jobs, and to pick up what was left: with a backend only when that has answered, for until then it may
   * all be another process's by now, or still.
   */
  async start(): Promise<void> {
    const { service, contact, guard, identity, log } = this.#parts;
    await service.loadLeftovers(contact?.confirmed ?? Promise.resolve());
    // The process before may have been killed together with its guard.
    if (identity.isHeir && service.attempts.leased().length > 0) guard?.ensure();
    if (contact === null) return await this.#recover();
    this.#contact = contact.run(this.#stop.signal);
    contact.confirmed
      .then(() => this.#recover())
      .catch((error: unknown) => log.error('what was left could not be picked up', { why: String(error) }));
  }

  /** What is not gone on with is removed before anything new is made. */
  async #recover(): Promise<void> {
    const { service, executor } = this.#parts;
    await service.leftoversAdopted();
    await executor.removeUnadopted();
    service.admitNew();
  }

  /** Takes no more jobs; resolves when those running have ended, or were given back, and the backend knows. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain(this.#parts.drainMs);
    return this.#drained;
  }

  /** Ends the worker: what still runs is given back. What the backend could not be told stays on disk. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #drain(limitMs: number): Promise<void> {
    const { service, announceDrain, log } = this.#parts;
    service.drain();
    await announceDrain(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(2000)])).catch(() => {});
    const { running, waiting } = service.attempts.counts();
    if (running + waiting > 0) log.info('draining', { running, waiting });
    await this.#within(service.idle(), limitMs);
    service.giveBackAll('the worker was shut down');
    await this.#within(service.idle(), 60_000);
    await this.#within(service.delivered(), this.#parts.farewellMs);
  }

  async #close(): Promise<void> {
    const { service, executor, server, guard, identity, log } = this.#parts;
    service.drain();
    service.giveBackAll('the worker was shut down');
    await this.#within(service.idle(), 60_000);
    await this.#within(service.delivered(), this.#parts.farewellMs);
    this.#stop.abort(new Error('the worker is closing'));
    await Promise.all([server?.close(), this.#contact]);
    await service.close();
    await executor.close();
    guard?.end();
    identity.release();
    log.info('worker ended');
  }

  async #within(work: Promise<void>, ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([work, this.#parts.clock.sleep(ms, over.signal).catch(() => {})]);
    over.abort();
  }
}

/** Puts a worker's operations on a server. Without tokens everybody who reaches it may use it. */
export function serveWorker(
  server: HttpServer,
  handlers: Handlers<typeof workerRoutes>,
  tokens: readonly string[] | null,
  log: ServiceLog,
): void {
  const hashes = (tokens ?? []).map(hashToken);
  const routes = tokens === null ? openRoutes() : workerRoutes;
  server.serve(routes as typeof workerRoutes, handlers, {
    authenticate: async (token) => {
      const hash = hashToken(token);
      return hashes.some((known) => sameHash(known, hash)) ? { kind: 'worker', name: 'backend' } : null;
    },
    failed: (operation, error) => log.error(`${operation} failed`, { why: stackOf(error) }),
  });
}

function openRoutes() {
  return Object.fromEntries(
    Object.entries(workerRoutes).map(([name, route]) => [name, { ...route, access: ['public'] }]),
  );
}
