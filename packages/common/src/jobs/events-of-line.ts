import { type RunnerLine, runnerLineText } from '../logs/runner-lines.ts';
import { unreachable } from '../unreachable.ts';
import type { JobEvent } from './JobEvent.ts';

/**
 * The events that a line of the runner stands for; they come before it. The one source of these events: the runner
 * sends them when it writes the line, and who follows a log derives them from the same line.
 */
export function eventsOfLine(line: RunnerLine, at: number): JobEvent[] {
  switch (line.kind) {
    case 'pull':
      // Bytes are known to the runner alone, who sends them as further events.
      return [
        { type: 'phase', phase: 'pull', at },
        { type: 'pull-progress', image: line.image, current: 0, total: 0, at },
      ];
    case 'pulled':
      return [{ type: 'phase', phase: 'prepare', at }];
    case 'command':
      return [{ type: 'command', index: line.index, text: line.text, at }];
    case 'after-script':
      return [{ type: 'phase', phase: 'after_script', at }];
    case 'artifacts':
      return [{ type: 'phase', phase: 'artifacts', at }];
    case 'warning':
    case 'log-limit':
      return [{ type: 'warning', message: line.message, at }];
    case 'lost':
      return [{ type: 'warning', message: runnerLineText(line).replace(/^WARNING: /, ''), at }];
    case 'succeeded':
    case 'canceled':
    case 'failed':
      return [{ type: 'phase', phase: 'cleanup', at }];
    case 'note':
    case 'gap':
    case 'after-command':
    case 'after-script-skipped':
      return [];
    default:
      return unreachable(line);
  }
}
