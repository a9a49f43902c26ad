import { randomUUID } from 'node:crypto';
import type { Clock } from '@xx-pipeline/common';
import pg from 'pg';
import { connectionOptions } from '../storage/PostgresPool.ts';
import { LocalWakeups } from './LocalWakeups.ts';
import type { Topic, Wakeups } from './Wakeups.ts';

const channel = 'xx_pipeline';
const maxPause = 5000;
/** Notifications to other backends are delayed by this, ms, so that many go together. */
const gatherFor = 5;

/**
 * Wakes up code in all backends of a database over one connection of its own. Hints are gathered while others are on
 * their way. While the connection is lost, hints are, too; then everybody is woken once it is back.
 */
export class PostgresWakeups implements Wakeups {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #local = new LocalWakeups();
  /** Tells our own hints, which were delivered already, from those of others. */
  readonly #origin = randomUUID().slice(0, 8);
  readonly #closed = new AbortController();
  readonly #topics = new Set<Topic>();
  #client: pg.Client | null = null;
  #isSending = false;
  #running: Promise<void> = Promise.resolve();

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Connects; later losses are repaired in the background. */
  async start(): Promise<void> {
    const lost = await this.#connect();
    this.#running = this.#stayConnected(lost);
  }

  notify(topic: Topic): void {
    this.#local.notify(topic);
    this.#topics.add(topic);
    void this.#send();
  }

  listen(topic: Topic, listener: () => void): () => void {
    return this.#local.listen(topic, listener);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#client?.end().catch(() => undefined);
    await this.#running;
    await this.#local.close();
  }

  /** Gives the promise that resolves when the connection is lost. */
  async #connect(): Promise<{ lost: Promise<void> }> {
    const client = new pg.Client(connectionOptions(this.#url));
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    client.on('notification', ({ payload = '' }) => {
      const [origin, topic] = [payload.slice(0, 8), payload.slice(9)];
      if (origin !== this.#origin) this.#local.notify(topic as Topic);
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return { lost };
  }

  async #stayConnected(first: { lost: Promise<void> }): Promise<void> {
    const { signal } = this.#closed;
    let connection: { lost: Promise<void> } | null = first;
    for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, maxPause)) {
      if (connection !== null) {
        await connection.lost;
        this.#client = null;
        pause = 100;
      }
      await this.#clock.sleep(pause, signal).catch(() => undefined);
      if (signal.aborted) break;
      connection = await this.#connect().catch(() => null);
      if (connection !== null) this.#local.notifyAll();
    }
    await this.#client?.end().catch(() => undefined);
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#topics.size > 0 && this.#client !== null) {
      await this.#clock.sleep(gatherFor, this.#closed.signal).catch(() => undefined);
      if (this.#client === null) break;
      const payloads = [...this.#topics].map((topic) => `${this.#origin} ${topic}`);
      this.#topics.clear();
      await this.#client
        .query({
          name: 'notify',
          text: `select pg_notify('${channel}', v) from unnest($1::text[]) v`,
          values: [payloads],
        })
        .catch(() => undefined);
    }
    // Nobody to tell it to; all are woken when the connection is back.
    if (this.#client === null) this.#topics.clear();
    this.#isSending = false;
  }
}
