const block = 512;
/** The same for every file, so that a tree always makes the same bytes; zip files know no earlier time than 1980. */
const modifiedAt = Date.UTC(2000, 0, 1) / 1000;
const maxOctal11 = 0o77777777777;

/** A file or link of an archive, without its content. */
export interface TarEntry {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** The target of a link; null = a file. */
  readonly link: string | null;
}

/** The header of an entry (ustar), after an extended one (pax) where names are long or not ASCII. */
export function tarHeader(entry: TarEntry): Buffer {
  const records: string[] = [];
  const name = splitName(entry.path);
  if (name === null) records.push(paxRecord('path', entry.path));
  if (entry.link !== null && !isShort(entry.link, 100)) records.push(paxRecord('linkpath', entry.link));
  if (entry.size > maxOctal11) records.push(paxRecord('size', String(entry.size)));
  const header = ustar({
    name: name?.name ?? 'long-name',
    prefix: name?.prefix ?? '',
    mode: entry.link !== null ? 0o777 : entry.executable ? 0o755 : 0o644,
    size: entry.size > maxOctal11 ? 0 : entry.size,
    type: entry.link === null ? '0' : '2',
    link: entry.link !== null && isShort(entry.link, 100) ? entry.link : '',
  });
  if (records.length === 0) return header;
  const body = Buffer.from(records.join(''));
  const extended = ustar({ name: 'pax', prefix: '', mode: 0o644, size: body.length, type: 'x', link: '' });
  return Buffer.concat([extended, body, tarPadding(body.length), header]);
}

/** Zeros up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

/** The end of an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block);

function isShort(text: string, limit: number): boolean {
  return text.length <= limit && /^[\x01-\x7f]*$/.test(text);
}

/** ustar has room for 155 + 100 characters, split at a slash. */
function splitName(path: string): { name: string; prefix: string } | null {
  if (isShort(path, 100)) return { name: path, prefix: '' };
  if (!isShort(path, 256)) return null;
  const slash = path.indexOf('/', path.length - 101);
  if (slash <= 0 || slash > 155 || slash === path.length - 1) return null;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  // The length counts its own digits.
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function ustar(fields: {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly size: number;
  readonly type: '0' | '2' | 'x';
  readonly link: string;
}): Buffer {
  const header = Buffer.alloc(block);
  header.write(fields.name, 0, 100, 'latin1');
  writeOctal(header, fields.mode, 100, 8);
  writeOctal(header, 0, 108, 8);
  writeOctal(header, 0, 116, 8);
  writeOctal(header, fields.size, 124, 12);
  writeOctal(header, modifiedAt, 136, 12);
  header.fill(' ', 148, 156);
  header.write(fields.type, 156, 'latin1');
  header.write(fields.link, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(fields.prefix, 345, 155, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  writeOctal(header, sum, 148, 7);
  return header;
}

function writeOctal(header: Buffer, value: number, start: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1');
}
