const block = 512;

/**
 * Puts a directory in front of every name of a tar stream, names of hard links included. Names too long for their
 * header get one of their own (the pax format), as any tar reads it; existing long names are rewritten.
 */
export async function* prefixTar(tar: AsyncIterable<Uint8Array>, directory: string): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(tar);
  let pax: Map<string, Buffer> | null = null;
  let longName: string | null = null;
  let longLink: string | null = null;
  for (;;) {
    const header = await reader.read(block);
    if (header === null || header[0] === 0) break;
    const size = readSize(header);
    const type = String.fromCharCode(header[156] || 48);
    if (type === 'x') {
      pax = parsePax((await reader.read(padded(size)))?.subarray(0, size) ?? Buffer.alloc(0));
      continue;
    }
    if (type === 'L' || type === 'K') {
      const name = cString((await reader.read(padded(size))) ?? Buffer.alloc(0), 0, size);
      if (type === 'L') longName = name;
      else longLink = name;
      continue;
    }
    if (type === 'g') {
      yield header;
      yield* reader.stream(padded(size));
      continue;
    }
    const attributes = pax ?? new Map<string, Buffer>();
    const name = attributes.get('path')?.toString() ?? longName ?? headerName(header);
    const link = attributes.get('linkpath')?.toString() ?? longLink ?? cString(header, 157, 100);
    const length = attributes.has('size') ? Number(attributes.get('size')) : size;
    setField(header, attributes, 'path', `${directory}/${name}`);
    setField(header, attributes, 'linkpath', type === '1' ? `${directory}/${link}` : link);
    if (attributes.size > 0) yield paxEntry(attributes);
    writeChecksum(header);
    yield header;
    yield* reader.stream(padded(length));
    pax = null;
    longName = null;
    longLink = null;
  }
  yield Buffer.alloc(2 * block);
}

const padded = (size: number): number => Math.ceil(size / block) * block;

function setField(header: Buffer, attributes: Map<string, Buffer>, field: 'path' | 'linkpath', value: string): void {
  const [offset, length] = field === 'path' ? [0, 100] : [157, 100];
  header.fill(0, offset, offset + length);
  // The prefix field: only meant in the ustar format, and empty from here on.
  if (field === 'path' && header.toString('latin1', 257, 263) === 'ustar\0') header.fill(0, 345, 500);
  const bytes = Buffer.from(value);
  bytes.copy(header, offset, 0, length);
  if (bytes.length > length) attributes.set(field, bytes);
  else attributes.delete(field);
}

function headerName(header: Buffer): string {
  const name = cString(header, 0, 100);
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? cString(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function cString(bytes: Buffer, offset: number, length: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('utf8', offset, end < 0 || end > offset + length ? offset + length : end);
}

function readSize(header: Buffer): number {
  if (((header[124] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(128));
  return Number.parseInt(cString(header, 124, 12).trim() || '0', 8);
}

function parsePax(bytes: Buffer): Map<string, Buffer> {
  const attributes = new Map<string, Buffer>();
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(32, offset);
    const length = Number.parseInt(bytes.toString('latin1', offset, space), 10);
    if (space < 0 || !(length > 0)) break;
    const equals = bytes.indexOf(61, space);
    attributes.set(bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, offset + length - 1));
    offset += length;
  }
  return attributes;
}

function paxEntry(attributes: ReadonlyMap<string, Buffer>): Buffer {
  const records = [...attributes].map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
    // The length counts its own digits.
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  const body = Buffer.concat(records);
  const header = Buffer.alloc(block);
  header.write('PaxHeaders/entry', 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('x', 156);
  header.write('ustar\x0000', 257);
  writeChecksum(header);
  return Buffer.concat([header, body, Buffer.alloc(padded(body.length) - body.length)]);
}

function writeChecksum(header: Buffer): void {
  header.fill(32, 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

/** Takes counted bytes from a stream of chunks. */
class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes, copied; null at the end of the stream. */
  async read(length: number): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    for await (const piece of this.stream(length)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    return bytes.length === length ? bytes : null;
  }

  /** So many bytes as they come, uncopied. */
  async *stream(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return;
        this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
        continue;
      }
      const take = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(take.length);
      left -= take.length;
      yield take;
    }
  }
}
