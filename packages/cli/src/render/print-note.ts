import type { OutputStream } from '../io/CommandIo.ts';
import { visible } from './ansi.ts';

/** Prints a note for a person beside the output; the message may have texts of a repository or a server in it. */
export function printNote(stderr: Pick<OutputStream, 'write'>, message: string): void {
  stderr.write(`note: ${visible(message)}\n`);
}
