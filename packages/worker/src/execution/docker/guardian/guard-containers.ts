// Pauses a worker's containers when their lease ends, whether the worker still lives or not: see `Guardian`.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { makeOwnerId, ownerState } from '../../../process/index.ts';
import { type ContainerRecord, RecoveryDirectory } from '../recovery/RecoveryDirectory.ts';
import type { GuardedPlaces } from './Guardian.ts';
import { type LeaseNote, machineTime, readLeaseNote } from './lease-note.ts';

/** How often it looks whether it is still needed. */
const lookMs = 2000;
/** Without a container for so long it ends; with the next one comes another. */
const idleMs = 60_000;
const probeMs = 1000;

const places = JSON.parse(process.argv[2] ?? '{}') as GuardedPlaces;
const self = makeOwnerId();

writeFileSync(places.guardian, self, { mode: 0o600 });
process.once('SIGTERM', () => process.exit());
process.once('exit', () => {
  if (readText(places.guardian) === self) rmSync(places.guardian, { force: true });
});
await guard();
process.exit();

/**
 * Resolves when there is nothing (more) to guard. Whatever the worker does meanwhile: it writes its note before it lets
 * containers go on, so where that has changed since it was read, what was paused on the old one's account goes on again.
 */
async function guard(): Promise<void> {
  let busyAt = machineTime();
  /** Until then nobody could take anything away: nothing listened where the only server is. */
  let heldUntil = Number.NEGATIVE_INFINITY;
  let pausedFor: number | null = null;
  for (;;) {
    const note = readLeaseNote(places.lease) ?? (await again());
    const lock = readText(places.lock);
    if (note === null || lock === null || readText(places.guardian) !== self) return;
    const records = await containers(note);
    const now = machineTime();
    if (records.length > 0) busyAt = now;
    const isAlive = ownerState(lock) === 'alive';
    if (records.length === 0 && (!isAlive || now - busyAt > idleMs)) return;
    if (now >= note.pauseAt && pausedFor !== note.pauseAt) {
      if (await nobodyListens(note.only)) heldUntil = machineTime() + note.termMs;
      else if (machineTime() >= heldUntil && (await pause(records, note))) pausedFor = note.pauseAt;
    }
    if (pausedFor === note.pauseAt && !isAlive) return;
    const left = note.pauseAt - machineTime();
    await delay(left > 0 ? Math.max(10, Math.min(left, lookMs)) : lookMs / 2);
  }
}

/** It may have been half written. */
async function again(): Promise<LeaseNote | null> {
  await delay(50);
  return readLeaseNote(places.lease);
}

/** The containers that may have to be paused. */
async function containers({ spared }: LeaseNote): Promise<ContainerRecord[]> {
  const records = (await RecoveryDirectory.all(places.records)).map(({ container }) => container);
  return records.filter((record) => record !== null).filter(({ jobId }) => !spared.includes(jobId));
}

/** False when it has to be tried again, or need not be: the note has changed. */
async function pause(records: readonly ContainerRecord[], note: LeaseNote): Promise<boolean> {
  // Only now: it is three times as large as the rest, and most guardians never need it.
  const { connectEngine } = await import('../connect-engine.ts');
  const client = connectEngine(places.engine);
  try {
    const isStale = () => readLeaseNote(places.lease)?.pauseAt !== note.pauseAt;
    const ids = records.flatMap(({ containerIds }) => containerIds);
    const each = await Promise.allSettled(
      ids.map(async (id) => {
        if (isStale()) return;
        await client.pauseContainer(id);
        if (isStale()) await client.unpauseContainer(id);
      }),
    );
    return !isStale() && each.every(({ status }) => status === 'fulfilled');
  } finally {
    client.transport.close();
  }
}

/** Whether a connection there is refused: the machine answers, but no server is on it. */
function nobodyListens(only: LeaseNote['only']): Promise<boolean> {
  if (only === null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ ...only, timeout: probeMs });
    const end = (isRefused: boolean) => {
      socket.destroy();
      resolve(isRefused);
    };
    socket.once('connect', () => end(false)).once('timeout', () => end(false));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
  });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
