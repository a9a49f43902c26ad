import type { ServerResponse } from 'node:http';

/** Calls under way; each has a signal that aborts when its client goes or the server closes. */
export class OpenCalls {
  readonly #open = new Set<AbortController>();
  #closing = false;

  /** No new call is taken. */
  get closing(): boolean {
    return this.#closing;
  }

  /** The signal of a call that ends with this response. */
  signalOf(response: ServerResponse): AbortSignal {
    const controller = new AbortController();
    if (this.#closing || response.destroyed) {
      controller.abort(gone());
      return controller.signal;
    }
    this.#open.add(controller);
    response.once('close', () => {
      this.#open.delete(controller);
      // A complete answer closes too: whoever still waits then has nobody to tell.
      controller.abort(gone());
    });
    return controller.signal;
  }

  /** Ends waiting calls: event streams stop, long polls answer what they have. */
  close(): void {
    this.#closing = true;
    for (const controller of this.#open) controller.abort(gone());
  }
}

const gone = () => new DOMException('the client has gone or the server closes', 'AbortError');
