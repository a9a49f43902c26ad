/** A job that gets a slot. */
export interface Turn {
  readonly job: number;
  readonly slot: number;
}

/**
 * The slots of a run and the jobs that wait for one, first come first served, but for one thing: a job that waits may
 * be *promised* the slot of a job that runs. Then it is certain to run after that one, and may have its container in
 * the same network already. A promise never makes anybody wait: where another slot is free and only promised jobs are
 * left, the first of them takes it.
 */
export class SlotQueue {
  readonly #free: number[];
  /** Jobs by slot. */
  readonly #running = new Map<number, number>();
  readonly #promised = new Map<number, number>();
  /** The head of the queue, where jobs may be passed; the rest follows in `#tail`, from `#next` on. */
  readonly #head: { readonly job: number; passed: number }[] = [];
  readonly #tail: number[] = [];
  #next = 0;
  readonly #slots: number;

  constructor(slots: number) {
    this.#slots = slots;
    this.#free = Array.from({ length: slots }, (_, slot) => slots - 1 - slot);
  }

  get isEmpty(): boolean {
    return this.#head.length === 0;
  }

  /** The first jobs that wait: for each free slot one, and for each running job one behind it. */
  get near(): readonly number[] {
    return this.#head.slice(0, this.#slots).map(({ job }) => job);
  }

  /** Jobs that could start now. */
  get free(): number {
    return this.#free.length;
  }

  push(job: number): void {
    this.#tail.push(job);
    this.#fillHead();
  }

  /** All that wait, wait no more. */
  clear(): void {
    this.#head.length = 0;
    this.#next = this.#tail.length;
    this.#promised.clear();
  }

  /** The next job that starts, and where; null when none waits or no slot is free. */
  take(): Turn | null {
    if (this.#head.length === 0 || this.#free.length === 0) return null;
    const at = this.#choose();
    const [chosen] = this.#head.splice(at, 1);
    if (chosen === undefined) return null;
    for (const passed of this.#head.slice(0, at)) passed.passed++;
    const { job } = chosen;
    const promised = this.#slotPromisedTo(job);
    if (promised !== null) this.#promised.delete(promised);
    const slot = promised !== null && this.#free.includes(promised) ? promised : this.#unpromised();
    this.#free.splice(this.#free.indexOf(slot), 1);
    this.#running.set(slot, job);
    this.#fillHead();
    return { job, slot };
  }

  /** A job has ended. */
  release(slot: number): void {
    this.#running.delete(slot);
    this.#free.push(slot);
  }

  /** Promises a job the slot of one that runs; returns the jobs before it there, or null when each has one behind it. */
  promise(job: number): readonly number[] | null {
    if (this.#slotPromisedTo(job) !== null) return [];
    for (const [slot, running] of this.#running) {
      if (this.#promised.has(slot)) continue;
      this.#promised.set(slot, job);
      return [running];
    }
    return null;
  }

  /** Who has waited long enough, else who was promised a free slot, else who was promised none, else the first. */
  #choose(): number {
    if ((this.#head[0]?.passed ?? 0) >= this.#slots) return 0;
    const kept = this.#head.findIndex(({ job }) => this.#free.includes(this.#slotPromisedTo(job) ?? -1));
    if (kept >= 0) return kept;
    return Math.max(
      0,
      this.#head.findIndex(({ job }) => this.#slotPromisedTo(job) === null),
    );
  }

  #slotPromisedTo(job: number): number | null {
    for (const [slot, promised] of this.#promised) if (promised === job) return slot;
    return null;
  }

  /** A free slot, one that nobody was promised if there is such a one. */
  #unpromised(): number {
    return this.#free.findLast((slot) => !this.#promised.has(slot)) ?? this.#free.at(-1) ?? 0;
  }

  #fillHead(): void {
    while (this.#head.length < 2 * this.#slots && this.#next < this.#tail.length) {
      this.#head.push({ job: this.#tail[this.#next++] ?? -1, passed: 0 });
    }
  }
}
