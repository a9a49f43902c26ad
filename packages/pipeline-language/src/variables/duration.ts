const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Seconds in each unit, by every name it has. */
const units: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((name) => [name, 1] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((name) => [name, minute] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((name) => [name, hour] as const),
  ...['d', 'dy', 'day', 'days'].map((name) => [name, day] as const),
  ...['w', 'wk', 'wks', 'week', 'weeks'].map((name) => [name, 7 * day] as const),
  ...['mo', 'mon', 'mos', 'month', 'months'].map((name) => [name, 30 * day] as const),
  ...['y', 'yr', 'yrs', 'year', 'years'].map((name) => [name, 365.25 * day] as const),
]);

const fillers: ReadonlySet<string> = new Set(['and', 'with', 'plus']);

const smallNumbers = [
  'zero one two three four five six seven eight nine ten',
  'eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
].flatMap((line) => line.split(' '));
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** Longest text looked at. */
const maxLength = 200;

/**
 * Seconds in a text such as `3h 30m`, `1 week and 2 days`, `two hours`, `1:30:00` or `90`; null when it is none.
 * A number without unit counts seconds; fractions of a second are rounded.
 */
export function parseDuration(text: string): number | null {
  if (text.length > maxLength) return null;
  const lower = text.trim().toLowerCase();
  const seconds = /^\d+(:\d+)+(\.\d+)?$/.test(lower) ? parseClock(lower) : parseWords(lower);
  return seconds === null || !Number.isSafeInteger(Math.round(seconds)) ? null : Math.round(seconds);
}

/** `mm:ss`, `hh:mm:ss`, and so on upwards to years. */
function parseClock(text: string): number | null {
  const weights = [1, minute, hour, day, 30 * day, 365.25 * day];
  const parts = text.split(':').reverse();
  if (parts.length > weights.length) return null;
  return parts.reduce((sum, part, place) => sum + Number(part) * (weights[place] ?? 0), 0);
}

function parseWords(text: string): number | null {
  const words = text.match(/\d+(?:\.\d+)?|\.\d+|[a-z]+|[^\s,]/g) ?? [];
  let total = 0;
  let pending: number | null = null;
  let seen = false;
  for (const word of words) {
    if (fillers.has(word)) continue;
    const unit = units.get(word);
    if (unit !== undefined) {
      if (pending === null) return null;
      total += pending * unit;
      pending = null;
      continue;
    }
    const number = numberOf(word);
    if (number === null) {
      // "twenty-five" is one number.
      if (word === '-' && isTens(pending)) continue;
      return null;
    }
    if (pending !== null && !(isTens(pending) && isSmallWord(word))) return null;
    pending = (pending ?? 0) + number;
    seen = true;
  }
  return seen ? total + (pending ?? 0) : null;
}

function numberOf(word: string): number | null {
  if (/^[\d.]+$/.test(word)) return Number(word);
  const small = smallNumbers.indexOf(word);
  if (small >= 0) return small;
  const ten = tens.indexOf(word);
  return ten >= 0 ? (ten + 2) * 10 : null;
}

function isTens(value: number | null): boolean {
  return value !== null && value >= 20 && value < 100 && value % 10 === 0;
}

function isSmallWord(word: string): boolean {
  const small = smallNumbers.indexOf(word);
  return small > 0 && small < 10;
}
