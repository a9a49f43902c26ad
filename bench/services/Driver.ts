import { Agent, request } from 'node:http';

const stages = [
  ['build', 3],
  ['test', 4],
  ['deploy', 3],
] as const;

/** Jobs of the driver's pipelines. */
export const jobsPerPipeline = 10;

/** What the driver wants to know of a run. */
export interface DrivenExecution {
  readonly id: string;
  readonly status: string;
  readonly jobs: readonly {
    readonly status: string;
    readonly eligibleAt: string | null;
    readonly attempts: readonly { readonly startedAt: string | null }[];
  }[];
}

/** Makes runs over HTTP and waits for them, with as little effort of its own as can be. */
export class Driver {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: string;
  readonly #token: string;
  readonly #body: Buffer;

  constructor({ url, personToken }: { readonly url: string; readonly personToken: string }) {
    this.#url = url;
    this.#token = personToken;
    this.#body = Buffer.from(JSON.stringify(requestBody()));
  }

  /** Makes one run. */
  async create(): Promise<DrivenExecution> {
    return JSON.parse(await this.#send('POST', '/api/pipelines/executions', this.#body)) as DrivenExecution;
  }

  /** Makes many, a few at the same time. */
  async createMany(count: number, atOnce: number): Promise<void> {
    let left = count;
    const next = async () => {
      while (left-- > 0) await this.#send('POST', '/api/pipelines/executions', this.#body);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
  }

  async get(id: string): Promise<DrivenExecution> {
    return JSON.parse(await this.#send('GET', `/api/pipelines/executions/${id}`)) as DrivenExecution;
  }

  /** Waits for the end of one run, by its events. */
  async finished(id: string): Promise<void> {
    const events = await this.#send('GET', `/api/pipelines/executions/${id}/events`);
    if (!events.includes('event: finished')) throw new Error(`run ${id} has not finished:\n${events.slice(-1000)}`);
  }

  /** Waits until no run is under way. */
  async allFinished(): Promise<void> {
    for (const status of ['CREATED', 'PENDING', 'RUNNING']) {
      while ((await this.#list(status, 1)).length > 0) await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** The newest runs with a status. */
  async newest(count: number, status: string): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor = ''; ids.length < count; ) {
      const query = `status=${status}&limit=${Math.min(count - ids.length, 100)}${cursor}`;
      const page = JSON.parse(await this.#send('GET', `/api/pipelines/executions?${query}`)) as {
        executions: { id: string }[];
        nextCursor: string | null;
      };
      ids.push(...page.executions.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    return ids;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #list(status: string, limit: number): Promise<unknown[]> {
    const page = await this.#send('GET', `/api/pipelines/executions?status=${status}&limit=${limit}`);
    return (JSON.parse(page) as { executions: unknown[] }).executions;
  }

  #send(method: string, path: string, body?: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
      const call = request(`${this.#url}${path}`, { method, agent: this.#agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          if ((response.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}

function requestBody() {
  const planned = stages.map(([name, count]) => ({
    name,
    jobs: Array.from({ length: count }, (_, number) => ({
      name: `${name}-${number + 1}`,
      stage: name,
      image: 'busybox:latest',
      script: ['echo hello'],
    })),
  }));
  return { pipeline: 'bench', plan: { schemaVersion: 1, stages: planned } };
}
