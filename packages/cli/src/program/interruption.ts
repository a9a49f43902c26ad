import { ExitCode } from '../io/exit-codes.ts';

/** Two steps of being told to stop, and whether a person or system did so. */
export interface Interruption {
  readonly interrupted: AbortSignal;
  readonly killed: AbortSignal;
  /** Whether a signal arrived. */
  readonly signaled: () => boolean;
  /** Stops the command for a reason of our own: nobody reads its output. */
  readonly stop: (reason: Error) => void;
}

/**
 * Signals turned into AbortSignals, listened to only from the first look at one of them: a command that never
 * looks dies of Ctrl-C at once, as it should.
 *
 *   first SIGINT, SIGTERM or SIGHUP --> interrupted    second --> killed    third --> the process ends
 */
export function createInterruption(): Interruption {
  const interrupted = new AbortController();
  const killed = new AbortController();
  let received = 0;
  let listening = false;
  const onSignal = (signal: NodeJS.Signals) => {
    received += 1;
    if (received === 1) {
      interrupted.abort(new DOMException(`interrupted by ${signal}`, 'AbortError'));
    } else if (received === 2) {
      killed.abort(new DOMException(`interrupted twice by ${signal}`, 'AbortError'));
    } else {
      process.exit(ExitCode.interrupted);
    }
  };
  const listen = () => {
    if (!listening) {
      listening = true;
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, onSignal);
      }
    }
  };
  return {
    get interrupted() {
      listen();
      return interrupted.signal;
    },
    get killed() {
      listen();
      return killed.signal;
    },
    signaled: () => received > 0,
    stop: (reason) => interrupted.abort(reason),
  };
}
