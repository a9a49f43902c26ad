import { type Clock, isoTime } from '@xx-pipeline/common';

/** What happened, besides its message; never a token, a variable's value or a header. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The log of a service process. */
export interface ServiceLog {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

// What looks like one of our tokens is never printed, whoever passed it on.
const tokens = /\bxx[pwj]_[\w-]{8,}/g;

/**
 * Lines on a stream: for a person where it is a terminal, else JSON for machines. News of one turn are written together,
 * before the next one: each write is a call of the system. Warnings and errors are written at once.
 */
export function createServiceLog(
  stream: { write(text: string): unknown; readonly isTTY?: boolean | undefined },
  clock: Clock,
): ServiceLog {
  let waiting = '';
  const write = () => {
    const text = waiting;
    waiting = '';
    if (text !== '') stream.write(text);
  };
  const line = (level: string, message: string, fields: LogFields) => {
    const at = isoTime(clock.now());
    const text =
      stream.isTTY === true
        ? `${at.slice(11, 19)} ${level === 'info' ? '' : `${level}: `}${oneLine(message)}${asText(fields)}`
        : JSON.stringify({ at, level, message, ...fields });
    if (waiting === '') setImmediate(write);
    waiting += `${text.replaceAll(tokens, 'xx*_…')}\n`;
    if (level !== 'info') write();
  };
  return {
    info: (message, fields = {}) => line('info', message, fields),
    warn: (message, fields = {}) => line('warn', message, fields),
    error: (message, fields = {}) => line('error', message, fields),
  };
}

const oneLine = (text: string) => text.replaceAll(/\p{Cc}+/gu, ' ');

function asText(fields: LogFields): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => `  ${name}=${oneLine(String(value))}`).join('');
}
