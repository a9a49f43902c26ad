/** A duration for people: `0.4s`, `12.3s`, `4m 05s`, `2h 03m`. */
export function formatDuration(ms: number): string {
  const rounded = Math.max(0, ms);
  if (rounded < 59_950) {
    return `${(rounded / 1000).toFixed(1)}s`;
  }
  const seconds = Math.round(rounded / 1000);
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  }
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

/** Elapsed time in whole seconds, for lines that are redrawn: `0s`, `41s`, `4m 05s`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}

/** Milliseconds between two ISO times; null if one is missing or not a time. */
export function between(start: string | null, end: string | null): number | null {
  if (start === null || end === null) return null;
  const ms = Date.parse(end) - Date.parse(start);
  return Number.isNaN(ms) ? null : ms;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size for people, in powers of 1000: `212 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
