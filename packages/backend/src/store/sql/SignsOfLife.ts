import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Milliseconds within which signs are written together: each write by itself is a wait for the disk. */
const gatherMs = 25;

interface Sign {
  readonly workerId: string;
  readonly instanceId: string;
  readonly at: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** When workers were last heard of, written for many at once. */
export class SignsOfLife {
  readonly #db: Kysely<Tables>;
  #signs: Sign[] = [];

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Resolves when it is written, where this instance still speaks for the worker. */
  note(workerId: string, instanceId: string, at: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#signs.length === 0) setTimeout(() => void this.#write(), gatherMs);
      this.#signs.push({ workerId, instanceId, at, resolve, reject });
    });
  }

  async #write(): Promise<void> {
    const signs = this.#signs;
    this.#signs = [];
    try {
      await this.#db
        .updateTable('workers')
        .set({ last_seen_at: Math.max(...signs.map(({ at }) => at)) })
        .where('id', 'in', [...new Set(signs.map(({ workerId }) => workerId))])
        // Instances have names of their own: no pair is mixed up.
        .where('instance_id', 'in', [...new Set(signs.map(({ instanceId }) => instanceId))])
        .execute();
      for (const { resolve } of signs) resolve();
    } catch (error) {
      for (const { reject } of signs) reject(error);
    }
  }
}
