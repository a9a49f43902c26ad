import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../errors.ts';
import type { ContainerDetails } from './api-types.ts';
import type { DockerClient } from './DockerClient.ts';
import { EngineError } from './EngineError.ts';
import type { HijackedStream } from './EngineTransport.ts';
import { EngineUnreachable } from './EngineUnreachable.ts';
import { showEngineAddress } from './engine-address.ts';

const pauseMs = 500;

/** Bridges the time in which an engine is unreachable, as during an update. */
export class EngineOutages {
  readonly #client: DockerClient;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #closing: AbortSignal;

  /** `patienceMs`: how long an outage may last; 0 = every outage is an error at once. */
  constructor(client: DockerClient, clock: Clock, options: { patienceMs: number; closing: AbortSignal }) {
    this.#client = client;
    this.#clock = clock;
    this.#patienceMs = options.patienceMs;
    this.#closing = options.closing;
  }

  /**
   * Retries a call while the engine is unreachable. `onAway` is called before the first wait. Throws `EngineUnreachable`
   * when the outage lasts too long, or `signal` aborts or the executor closes meanwhile.
   */
  async retry<T>(act: () => Promise<T>, onAway?: (error: EngineUnreachable) => void, signal?: AbortSignal): Promise<T> {
    const stop = signal === undefined ? this.#closing : AbortSignal.any([signal, this.#closing]);
    let left = this.#patienceMs;
    for (let told = false; ; told = true) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof EngineUnreachable) || left <= 0 || stop.aborted) throw error;
        if (!told) onAway?.(error);
        const from = this.#clock.now();
        await this.#clock.sleep(pauseMs, stop).catch(() => {});
        left -= Math.max(pauseMs, this.#clock.now() - from);
      }
    }
  }

  /** The streams of a container whose connection broke. Throws `ExecutionBroken` when it has ended or the engine stays unreachable. */
  async reattach(id: string): Promise<HijackedStream> {
    let away = false;
    for (;;) {
      const details = await this.retry(
        () => this.#client.inspectContainer(id),
        () => {
          away = true;
        },
      ).catch((error: unknown) => {
        throw error instanceof EngineUnreachable ? this.#neverBack(error) : error;
      });
      if (details?.State.Running !== true) throw this.#ended(details, away);
      try {
        return await this.#client.attach(id);
      } catch (error) {
        if (!(error instanceof EngineUnreachable || error instanceof EngineError)) throw error;
        away ||= error instanceof EngineUnreachable;
        await this.#clock.sleep(pauseMs, this.#closing);
      }
    }
  }

  /** Why a container's script was lost, where the engine is the reason; null where it is reachable. */
  async explainLoss(id: string): Promise<ExecutionBroken | null> {
    try {
      await this.#client.inspectContainer(id);
      return null;
    } catch (error) {
      return error instanceof EngineUnreachable ? this.#neverBack(error) : null;
    }
  }

  get #engine(): string {
    return `the Docker engine at ${showEngineAddress(this.#client.transport.address)}`;
  }

  #neverBack(cause: EngineUnreachable): ExecutionBroken {
    const wait = this.#patienceMs === 0 ? '' : `, and was not back within ${Math.round(this.#patienceMs / 1000)} s`;
    return new ExecutionBroken(
      `${this.#engine} went away while the job ran${wait}`,
      cause.help === null ? { cause } : { cause, help: cause.help },
    );
  }

  #ended(details: ContainerDetails | null, away: boolean): ExecutionBroken {
    if (away) {
      return new ExecutionBroken(`${this.#engine} was restarted while the job ran, and ended the job's container`, {
        help: 'with `live-restore` in its configuration containers outlive that',
      });
    }
    const how = details === null ? '' : ` (exit code ${details.State.ExitCode})`;
    return new ExecutionBroken(`the job's container ended before its script did${how}`, {
      help: `it was removed or killed from outside, or ${this.#engine} is being stopped`,
    });
  }
}
