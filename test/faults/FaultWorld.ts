import assert from 'node:assert/strict';
import process from 'node:process';
import { isTerminal } from '@xx-pipeline/common';
import { ApiProblem } from '@xx-pipeline/common/api';
import { until } from '@xx-pipeline/testing';
import { Rig } from '../rig/Rig.ts';
import { ServiceRig, type ServiceRigOptions } from '../rig/ServiceRig.ts';
import { audit, type Expected } from './audit.ts';
import { EngineWatch } from './EngineWatch.ts';
import { FaultProxy } from './FaultProxy.ts';

type Execution = Awaited<ReturnType<ServiceRig['api']['getExecution']>>['body'];

/** Times in seconds that make what takes minutes in earnest take moments. */
export interface LeaseTimes {
  readonly heartbeat: number;
  readonly lease: number;
  readonly accept: number;
}

/** Short enough to be waited for, long enough for a process to start again on a busy machine. */
export const patientLease: LeaseTimes = { heartbeat: 0.5, lease: 20, accept: 4 };
/** Over before a killed worker is back. */
export const shortLease: LeaseTimes = { heartbeat: 0.3, lease: 4, accept: 3 };

/** Everything one fault run needs: a backend, a proxy in front of it for workers, a watch on the engine. */
export class FaultWorld implements AsyncDisposable {
  readonly rig: ServiceRig;
  readonly proxy: FaultProxy;
  readonly watch: EngineWatch;
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  readonly #farewells: (() => Promise<unknown>)[] = [];

  private constructor(rig: ServiceRig, proxy: FaultProxy, watch: EngineWatch) {
    this.rig = rig;
    this.proxy = proxy;
    this.watch = watch;
  }

  static async open(times: LeaseTimes, options: ServiceRigOptions = {}): Promise<FaultWorld> {
    const env = {
      XX_HEARTBEAT_SECONDS: String(times.heartbeat),
      XX_LEASE_SECONDS: String(times.lease),
      XX_ACCEPT_SECONDS: String(times.accept),
      ...options.env,
    };
    const rig = await ServiceRig.make({ ...options, env });
    const world = new FaultWorld(rig, await FaultProxy.start(rig.url), await EngineWatch.start());
    await rig.startBackend();
    return world;
  }

  /** To be done at the end, whatever comes; last first. */
  atEnd(cleanup: () => Promise<unknown>): void {
    this.#cleanups.unshift(cleanup);
  }

  /** To be done while the backend is still there. */
  beforeEnd(farewell: () => Promise<unknown>): void {
    this.#farewells.unshift(farewell);
  }

  /** Sends a pipeline as a person does; resolves with the run's id. */
  async submit(pipeline: string, ...args: readonly string[]): Promise<string> {
    await using client = await Rig.make({ '.xx-pipeline.yml': pipeline });
    const run = client.start(['run', '--detach', ...args], { env: this.rig.clientEnvironment });
    const { code, stdout, stderr } = await run.ended();
    assert.equal(code, 0, `xx run --detach: ${stderr}`);
    return stdout.trim();
  }

  /** The run as it is; null while nobody answers. */
  async look(id: string): Promise<Execution | null> {
    try {
      return (await this.rig.api.getExecution({ params: { id } })).body;
    } catch (error) {
      if (error instanceof ApiProblem && error.status < 500) throw error;
      return null;
    }
  }

  /** Resolves when the run is as wanted; rejects when it ends before. */
  async seen(id: string, what: string, isSo: (execution: Execution) => boolean | Promise<boolean>): Promise<Execution> {
    return await until(
      what,
      async () => {
        const execution = await this.look(id);
        if (execution === null) return null;
        if (await isSo(execution)) return execution;
        if (isTerminal(execution.status)) throw new Error(`the run ended (${execution.status}) before ${what}`);
        return null;
      },
      60_000,
      10,
    );
  }

  /** Resolves when a job runs and the backend has some of its log. */
  async writing(id: string, name: string, bytes = 1): Promise<void> {
    await this.seen(id, `${name} to write`, async ({ jobs }) => {
      const job = jobs.find((each) => each.name === name);
      if (job?.status !== 'RUNNING') return false;
      const { body } = await this.rig.api.readLog({ params: { jobId: job.id }, query: { limit: bytes } });
      let length = 0;
      for await (const chunk of body) length += chunk.length;
      return length >= bytes;
    });
  }

  async audit(id: string, expected: Expected): Promise<Execution> {
    return await audit(this.rig, this.watch, id, expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const farewell of this.#farewells) await farewell();
      if (process.env['XX_FAULTS_TALK']) process.stdout.write(`${this.rig.said}\n`);
      await this.rig[Symbol.asyncDispose]();
    } finally {
      for (const cleanup of this.#cleanups) await cleanup();
      await this.proxy[Symbol.asyncDispose]();
      await this.watch[Symbol.asyncDispose]();
    }
  }
}

/** Lets time pass; where a fault lasts for a while, not to wait for something to happen. */
export const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
