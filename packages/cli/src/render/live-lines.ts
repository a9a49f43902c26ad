import { formatBytes, formatElapsed, statusLook } from '@xx-pipeline/client';
import { isTerminal, type JobPhase, unreachable } from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { displayWidth, padTo, truncate } from './display-width.ts';
import type { JobView, PullView, RunView } from './RunView.ts';
import { paint, type TextStyle } from './style.ts';

/** The state that the live region shows at one moment. */
export interface LiveMoment {
  readonly now: number;
  readonly startedAt: number;
  /** The most lines that fit. */
  readonly height: number;
  readonly stopping: boolean;
}

/** The live region: running jobs, image pulls, waiting jobs in one line, time in all; never more than `height` lines. */
export function liveLines(view: RunView, moment: LiveMoment, style: TextStyle): string[] {
  const jobs = [...view.jobs.values()];
  const running = jobs.filter((job) => job.record.status === 'RUNNING');
  const width = Math.min(30, Math.max(12, ...running.map((job) => displayWidth(visible(job.record.name)))));
  const active = [
    ...running.map((job) => runningLine(job, width, moment.now, style)),
    ...[...view.pulls.values()].map((pull) => pullLine(pull, moment.now, style)),
  ];
  const waiting = waitingLine(jobs, style);
  const fixed = [...(waiting === null ? [] : [waiting]), footer(jobs, moment, style)];
  const room = Math.max(1, moment.height - fixed.length);
  const shown =
    active.length <= room
      ? active
      : [...active.slice(0, room - 1), `   … and ${active.length - room + 1} more running`];
  return [...shown, ...fixed].slice(-Math.max(1, moment.height));
}

function runningLine(job: JobView, width: number, now: number, style: TextStyle): string {
  const { sign, color } = statusLook('RUNNING', false);
  const started = job.record.attempts.at(-1)?.startedAt ?? null;
  const elapsed = started === null ? '' : formatElapsed(now - Date.parse(started));
  const attempt = job.record.attempts.length > 1 ? ` (attempt ${job.record.attempts.length})` : '';
  const name = padTo(truncate(visible(job.record.name), width), width);
  return ` ${paint(style, color, sign)} ${name} ${elapsed.padStart(7)}  ${doing(job)}${attempt}`;
}

function doing(job: JobView): string {
  const command = job.command === null ? '' : visible(job.command.trim().split('\n', 1)[0] ?? '');
  return job.phase === 'script' && command !== ''
    ? `$ ${command}`
    : job.phase === null
      ? 'starting'
      : phaseText(job.phase);
}

function phaseText(phase: JobPhase): string {
  switch (phase) {
    case 'dependencies':
      return 'waiting for needed jobs';
    case 'pull':
      return 'pulling the image';
    case 'prepare':
      return 'preparing the container';
    case 'script':
      return 'running';
    case 'after_script':
      return 'running after_script';
    case 'artifacts':
      return 'saving artifacts';
    case 'cleanup':
      return 'cleaning up';
    default:
      return unreachable(phase);
  }
}

function pullLine(pull: PullView, now: number, style: TextStyle): string {
  const amount =
    pull.total > 0
      ? `${formatBytes(pull.current)} of ${formatBytes(pull.total)}`
      : pull.current > 0
        ? formatBytes(pull.current)
        : '';
  const bar = pull.total > 0 ? `${progressBar(pull.current / pull.total)}  ` : '';
  const facts = [amount, formatElapsed(now - pull.since)].filter((fact) => fact !== '').join(' · ');
  return ` ${paint(style, 'cyan', '↓')} pulling ${visible(pull.image)}  ${bar}${facts}`;
}

function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 12);
  return '█'.repeat(full) + '░'.repeat(12 - full);
}

function waitingLine(jobs: readonly JobView[], style: TextStyle): string | null {
  const waiting = jobs.filter(({ record }) => record.status === 'CREATED' || record.status === 'PENDING');
  if (waiting.length === 0) {
    return null;
  }
  const names = waiting
    .slice(0, 20)
    .map((job) => visible(job.record.name))
    .join(', ');
  const reason = waiting.length === 1 ? waiting[0]?.record.waitingReason : null;
  const text = ` ○ ${waiting.length} waiting: ${names}${reason ? ` (${visible(reason)})` : ''}`;
  return paint(style, 'gray', truncate(text, style.columns - 1));
}

function footer(jobs: readonly JobView[], moment: LiveMoment, style: TextStyle): string {
  const done = jobs.filter(({ record }) => isTerminal(record.status) || record.status === 'MANUAL').length;
  const text = `   ${formatElapsed(moment.now - moment.startedAt)} · ${done} of ${jobs.length} done`;
  return moment.stopping
    ? paint(style, 'yellow', `${text} · stopping; Ctrl-C again to kill`)
    : paint(style, 'gray', text);
}
