import { writeSync } from 'node:fs';
import type { ArtifactRef, JobOutcome, JobStatusUpdate } from '@xx-pipeline/common';

/** What is worth remembering about an attempt, in order. */
export type JournalEntry =
  /** Its script was handed to a container, at this time. */
  | { readonly type: 'begun'; readonly at: number }
  /** An archive lies complete in the attempt's directory. */
  | { readonly type: 'artifact'; readonly ref: ArtifactRef }
  /** Its end is decided; the container is removed next. */
  | { readonly type: 'outcome'; readonly outcome: JobOutcome }
  /** To be told to the backend; the last one is terminal. */
  | { readonly type: 'report'; readonly update: JobStatusUpdate }
  /** What the backend has acknowledged. */
  | { readonly type: 'delivered'; readonly reports?: number; readonly log?: number; readonly artifact?: true };

/** The journal's sum. */
export interface JournalState {
  readonly begunAt: number | null;
  readonly artifact: ArtifactRef | null;
  readonly outcome: JobOutcome | null;
  readonly reports: readonly JobStatusUpdate[];
  readonly delivered: { readonly reports: number; readonly log: number; readonly artifact: boolean };
}

/** The state of a journal without entries. */
export const emptyJournal: JournalState = {
  begunAt: null,
  artifact: null,
  outcome: null,
  reports: [],
  delivered: { reports: 0, log: 0, artifact: false },
};

/** What an entry changes. */
export function applyEntry(state: JournalState, entry: JournalEntry): JournalState {
  switch (entry.type) {
    case 'begun':
      return { ...state, begunAt: state.begunAt ?? entry.at };
    case 'artifact':
      return { ...state, artifact: entry.ref };
    case 'outcome':
      return { ...state, outcome: entry.outcome };
    case 'report':
      return { ...state, reports: [...state.reports, entry.update] };
    case 'delivered': {
      const { reports, log, artifact } = state.delivered;
      return {
        ...state,
        delivered: {
          reports: entry.reports ?? reports,
          log: entry.log ?? log,
          artifact: entry.artifact ?? artifact,
        },
      };
    }
    default:
      // Written by a later version: what it means is not known, what it follows still holds.
      return state;
  }
}

/**
 * The memory of one attempt: a file that is only appended to, one JSON document per line.
 *
 * Entries are written before what they tell of is acknowledged to anybody, in one call and without waiting for the
 * disk: they outlive the process, however it ends. (If the machine itself goes down, its containers do too, and the
 * backend's lease decides.) Each line begins with its line end, so that one cut short by a full disk spoils no other.
 * While the disk takes nothing, entries wait in memory.
 */
export class AttemptJournal {
  readonly #descriptor: number;
  #waiting: string[] = [];
  #state: JournalState;
  #closed = false;

  /** A journal in an open file that is appended to; `text`: what stands there. */
  constructor(descriptor: number, text: string) {
    this.#descriptor = descriptor;
    let state = emptyJournal;
    for (const line of text.split('\n')) {
      const entry = readLine(line);
      if (entry !== null) state = applyEntry(state, entry);
    }
    this.#state = state;
  }

  get state(): JournalState {
    return this.#state;
  }

  /** Remembers an entry. Never throws. */
  note(entry: JournalEntry): void {
    if (this.#closed) return;
    this.#state = applyEntry(this.#state, entry);
    this.#waiting.push(`\n${JSON.stringify(entry)}`);
    this.flush();
  }

  /** Tries again to write what the disk refused; false when some still waits. */
  flush(): boolean {
    if (this.#closed) return true;
    while (this.#waiting.length > 0) {
      const line = Buffer.from(this.#waiting[0] as string);
      try {
        if (writeSync(this.#descriptor, line) < line.length) return false;
      } catch {
        return false;
      }
      this.#waiting.shift();
    }
    return true;
  }

  /** From now on nothing is written; the file stays open. */
  close(): void {
    this.flush();
    this.#closed = true;
  }
}

function readLine(line: string): JournalEntry | null {
  if (line === '') return null;
  try {
    const entry = JSON.parse(line) as JournalEntry;
    return 'type' in entry ? entry : null;
  } catch {
    return null;
  }
}
