import { StorageError } from '../storage/StorageError.ts';

/** One call that waits for its turn. */
interface Waiting<Call, Answer> {
  readonly call: Call;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls that go to their destination together: what comes in one turn of the event loop, or while others are on their
 * way, shares the next journey. When one of them is refused all are repeated alone, so that only that one fails; not
 * when the storage is away, which is everybody's failure.
 */
export class Gathered<Call, Answer> {
  readonly #send: (calls: readonly Call[]) => Promise<readonly Answer[]>;
  readonly #most: number;
  #waiting: Waiting<Call, Answer>[] = [];
  #isSending = false;

  /** `send` answers each call at its place. */
  constructor(send: (calls: readonly Call[]) => Promise<readonly Answer[]>, most: number) {
    this.#send = send;
    this.#most = most;
  }

  run(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (this.#isSending) return;
      this.#isSending = true;
      setImmediate(() => void this.#sendAll());
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      if (!(await this.#sendGroup(group))) for (const one of group) await this.#sendGroup([one]);
    }
    this.#isSending = false;
  }

  /** false when each is to be tried alone. */
  async #sendGroup(group: readonly Waiting<Call, Answer>[]): Promise<boolean> {
    try {
      const answers = await this.#send(group.map(({ call }) => call));
      for (const [place, { resolve }] of group.entries()) resolve(answers[place] as Answer);
      return true;
    } catch (error) {
      if (group.length > 1 && !(error instanceof StorageError)) return false;
      for (const { reject } of group) reject(error);
      return true;
    }
  }
}
