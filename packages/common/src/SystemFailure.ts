/**
 * A failure of the machine or of a program that it runs: neither a mistake in what the user gave nor a bug of xx. The
 * message is a whole sentence for a person.
 */
export class SystemFailure extends Error {
  override readonly name: string = 'SystemFailure';
  /** The remedy, for the person at the machine; null if there is none to name. */
  readonly help: string | null;

  constructor(message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.help = options.help ?? null;
  }
}
