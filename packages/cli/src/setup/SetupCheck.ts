/** How one thing that jobs need stands. `warning`: works, but worse than it could. */
export type CheckState = 'ok' | 'warning' | 'missing';

/** What a check found. */
export interface CheckOutcome {
  readonly state: CheckState;
  /** What is there, or what is wrong, in one line. */
  readonly found: string;
  /** What a person can do, one line each; commands stand alone on a line and begin with `$ `. */
  readonly mend: readonly string[];
  /** Mends it here and now, if that is possible. */
  readonly fix?: SetupFix;
}

/** A way to mend what a check found. */
export interface SetupFix {
  /** Completes "xx will …". */
  readonly what: string;
  /** It changes the system (packages, services), which a person at a terminal is asked about. */
  readonly system: boolean;
  /** Rejects with `SetupFailed` when it did not work. */
  run(world: SetupWorld): Promise<void>;
}

/** One thing that jobs need. */
export interface SetupCheck {
  readonly id: string;
  readonly title: string;
  run(world: SetupWorld): Promise<CheckOutcome>;
}

/** The machine as checks and fixes see it. */
export interface SetupWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Tells a person what is going on; one line. */
  say(line: string): void;
}

/** A fix did not work: the one message to show, and what a person can do instead. */
export class SetupFailed extends Error {
  override readonly name = 'SetupFailed';
  readonly mend: readonly string[];

  constructor(message: string, mend: readonly string[] = []) {
    super(message);
    this.mend = mend;
  }
}
