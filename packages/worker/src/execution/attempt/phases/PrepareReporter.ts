import { formatDuration } from '../../format.ts';
import type { PrepareObserver } from '../../JobExecutor.ts';
import type { Attempt } from '../AttemptPhase.ts';

/** Makes a pull a phase of its own (shown, logged and timed), and the engine's queue a wait that is not the job's. */
export class PrepareReporter implements PrepareObserver {
  readonly #attempt: Attempt;
  #isPulling = false;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  queued(): void {
    this.#setQueued(true);
    void this.#attempt.log.line({ kind: 'note', text: 'Waiting in the queue of the container engine' });
  }

  started(): void {
    this.#setQueued(false);
  }

  pulling(image: string, current: number, total: number): void {
    const { reporter } = this.#attempt;
    if (!this.#isPulling) {
      this.#isPulling = true;
      void reporter.enterWith({ kind: 'pull', image }, 'pull');
    }
    if (current > 0 || total > 0) reporter.pullProgress(image, current, total);
  }

  pulled(image: string, ms: number): void {
    if (!this.#isPulling) return;
    this.#isPulling = false;
    void this.#attempt.reporter.enterWith({ kind: 'pulled', image, took: formatDuration(ms) }, 'prepare');
  }

  warning(message: string): void {
    void this.#attempt.log.warn(message);
  }

  #setQueued(isQueued: boolean): void {
    const { settings, stops, reporter, outside } = this.#attempt;
    reporter.waits(isQueued);
    stops.setQueued(isQueued, settings.times.queueMs);
    outside.onQueued?.(isQueued);
  }
}
