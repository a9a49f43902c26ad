import type { ScalarValue } from './nodes.ts';

const nullWords = new Set(['', '~', 'null', 'Null', 'NULL']);
const boolean = /^(?:(yes|true|on)|no|false|off)$/i;
const binary = /^[-+]?0b[01_,]+$/;
const octal = /^[-+]?0[0-7_,]+$/;
const hexadecimal = /^[-+]?0x[0-9a-fA-F_,]+$/;
const decimal = /^[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)$/;
const sexagesimal = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}$/;
const float = /^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?$/;
const infinity = /^(?:([-+])?\.inf|\.nan)$/i;

/**
 * What a plain scalar stands for in YAML 1.1 as Ruby's Psych reads it, which is what GitLab does. It differs from other
 * 1.1 readers: plain `y` and `n` stay text, `1:30` counts from the hour, dates stay text.
 */
export function resolveScalar(source: string): { value: ScalarValue; text: string } {
  const first = source.charCodeAt(0);
  const maybeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!maybeNumber) {
    if (source.length > 5) return { value: source, text: source };
    if (nullWords.has(source)) return { value: null, text: '' };
    const match = boolean.exec(source);
    if (match) return { value: match[1] !== undefined, text: String(match[1] !== undefined) };
    return { value: source, text: source };
  }
  return resolveNumber(source) ?? { value: source, text: source };
}

function resolveNumber(source: string): { value: number; text: string } | null {
  if (decimal.test(source)) return integer(source, '');
  if (octal.test(source)) return integer(source, '0o');
  if (hexadecimal.test(source)) return integer(source.replace('0x', ''), '0x');
  if (binary.test(source)) return integer(source.replace('0b', ''), '0b');
  if (sexagesimal.test(source)) {
    const value = sexagesimalValue(source.replaceAll('_', ''));
    return { value, text: String(value) };
  }
  if (float.test(source) && /[0-9]/.test(source)) {
    const value = Number(source.replace(/[,_]/g, ''));
    return { value, text: rubyFloat(value) };
  }
  const special = infinity.exec(source);
  if (special === null) return null;
  if (source.toLowerCase() === '.nan') return { value: Number.NaN, text: 'NaN' };
  return special[1] === '-' ? { value: -Infinity, text: '-Infinity' } : { value: Infinity, text: 'Infinity' };
}

function integer(source: string, prefix: string): { value: number; text: string } | null {
  const digits = source.replace(/[-+,_]/g, '');
  if (digits === '') return null;
  const magnitude = BigInt(prefix + digits);
  const exact = source.startsWith('-') ? -magnitude : magnitude;
  return { value: Number(exact), text: exact.toString() };
}

/** Psych weighs the parts 60², 60, 1 from the left, so two parts are hours and minutes. */
function sexagesimalValue(source: string): number {
  const sign = source.startsWith('-') ? -1 : 1;
  const parts = source.replace(/^[-+]/, '').split(':');
  return sign * parts.reduce((sum, part, index) => sum + Number(part) * 60 ** Math.abs(index - 2), 0);
}

/** A float as Ruby prints it: always with a point or an exponent. */
function rubyFloat(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e');
    const power = `${exponent.startsWith('-') ? '-' : '+'}${exponent.slice(1).padStart(2, '0')}`;
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${power}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
