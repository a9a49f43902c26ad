import type { JobEvent } from '@xx-pipeline/common';

/** Receives the events of a job. The next event waits for the returned promise. */
export type OnJobEvent = (event: JobEvent) => void | Promise<void>;

/** Passes a job's events on, strictly one after the other; never throws when the receiver does. */
export class EventStream {
  readonly #onEvent: OnJobEvent;
  readonly #onBroken: (error: unknown) => void;
  /** The current delivery; null when the receiver is ready. */
  #tail: Promise<void> | null = null;
  #broken = false;
  #ended = false;

  /** `onBroken` is called once, when the receiver fails; later events are not delivered, except the last. */
  constructor(onEvent: OnJobEvent, onBroken: (error: unknown) => void) {
    this.#onEvent = onEvent;
    this.#onBroken = onBroken;
  }

  /** The receiver has not caught up. */
  get busy(): boolean {
    return this.#tail !== null;
  }

  /** Resolves when the receiver is done with the event; returns undefined if it is already. */
  send(event: JobEvent): void | Promise<void> {
    if (this.#ended) return;
    return this.#enqueue(event);
  }

  /** Sends the last event; what comes later is dropped. */
  async end(event: JobEvent): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#tail;
    this.#broken = false;
    await this.#enqueue(event);
  }

  #enqueue(event: JobEvent): void | Promise<void> {
    const delivery = this.#tail === null ? this.#deliver(event) : this.#tail.then(() => this.#deliver(event));
    if (delivery === undefined) return;
    const tail = delivery.then(() => {
      if (this.#tail === tail) this.#tail = null;
    });
    this.#tail = tail;
    return tail;
  }

  #deliver(event: JobEvent): undefined | Promise<void> {
    if (this.#broken) return undefined;
    try {
      return this.#onEvent(event)?.catch((error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#onBroken(error);
  }
}
