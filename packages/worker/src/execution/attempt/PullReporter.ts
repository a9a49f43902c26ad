import type { Clock } from '@xx-pipeline/common';
import { formatDuration } from '../format.ts';
import type { PrepareObserver } from '../JobExecutor.ts';
import type { EventStream } from '../log/EventStream.ts';
import type { LogPipe } from '../log/LogPipe.ts';
import type { PhaseTimer } from './PhaseTimer.ts';

interface Receivers {
  readonly events: EventStream;
  readonly log: LogPipe;
  readonly timer: PhaseTimer;
  readonly clock: Clock;
  /** The container waits in the engine's queue (true), or no longer does (false). */
  readonly onQueued: (isQueued: boolean) => void;
}

/** Makes a pull a phase of its own (shown, logged and timed), and the engine's queue a wait that is not the job's. */
export class PullReporter implements PrepareObserver {
  readonly #to: Receivers;
  #pulling = false;

  constructor(to: Receivers) {
    this.#to = to;
  }

  queued(): void {
    const { log, timer, onQueued } = this.#to;
    timer.switchTo('queue');
    onQueued(true);
    void log.line({ kind: 'note', text: 'Waiting in the queue of the container engine' });
  }

  started(): void {
    this.#to.timer.switchTo('prepare');
    this.#to.onQueued(false);
  }

  pulling(image: string, current: number, total: number): void {
    const { events, log, timer, clock } = this.#to;
    if (!this.#pulling) {
      this.#pulling = true;
      timer.switchTo('pull');
      void log.line({ kind: 'pull', image });
    }
    // Only the newest numbers matter: a receiver that is behind misses some.
    if ((current > 0 || total > 0) && !events.busy)
      void events.send({ type: 'pull-progress', image, current, total, at: clock.now() });
  }

  pulled(image: string, ms: number): void {
    if (!this.#pulling) return;
    this.#pulling = false;
    const { log, timer } = this.#to;
    timer.switchTo('prepare');
    void log.line({ kind: 'pulled', image, took: formatDuration(ms) });
  }

  warning(message: string): void {
    void this.#to.log.warn(message);
  }
}
