import { createInterface } from 'node:readline/promises';
import type { CommandIo } from '../io/CommandIo.ts';

/** A person can be asked: both ends are a terminal. */
export function canAsk(io: CommandIo): boolean {
  return process.stdin.isTTY === true && io.stderr.isTTY && !io.env['CI'];
}

/** Asks a yes-or-no question at the terminal; just Enter means yes. */
export async function askYesNo(question: string, io: CommandIo): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // At the end of the input nobody is left to say yes.
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  try {
    const signal = AbortSignal.any([io.interrupted, closed.signal]);
    const answer = await terminal.question(`${question} [Y/n] `, { signal });
    return /^(?:y|yes|)$/i.test(answer.trim());
  } catch (error) {
    io.interrupted.throwIfAborted();
    if (closed.signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
