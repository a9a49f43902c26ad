import { type Clock, systemClock, unreachable } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { DocumentRenderer } from './DocumentRenderer.ts';
import { LiveRenderer } from './LiveRenderer.ts';
import { NdjsonRenderer } from './NdjsonRenderer.ts';
import { PlainRenderer } from './PlainRenderer.ts';
import type { RunRenderer } from './RunRenderer.ts';

/** The format of a run's display, and its streams. */
export interface RunRendererOptions {
  readonly format: 'text' | 'json' | 'yaml' | 'ndjson';
  readonly io: CommandIo;
  /** Drives the live region. */
  readonly clock?: Clock;
}

/** The renderer for a format: `text` is live on a terminal and lines elsewhere, the others are for programs. */
export function createRunRenderer({ format, io, clock = systemClock }: RunRendererOptions): RunRenderer {
  switch (format) {
    case 'text':
      return isLive(io) ? new LiveRenderer(io, clock) : new PlainRenderer(io);
    case 'json':
    case 'yaml':
      return new DocumentRenderer(io, format);
    case 'ndjson':
      return new NdjsonRenderer(io.stdout);
    default:
      return unreachable(format);
  }
}

/** Whether a person watches: the output is a terminal that can move its cursor, and not that of a CI system. */
function isLive(io: CommandIo): boolean {
  const ci = io.env['CI'];
  return io.stdout.isTTY && io.env['TERM'] !== 'dumb' && (ci === undefined || ci === '' || ci === 'false');
}
