import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import pg from 'pg';

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Finds secrets in whatever form they may have got somewhere. */
export class SecretSearch {
  /** What is looked for: form and bytes. */
  readonly #needles: readonly { readonly form: string; readonly bytes: Buffer }[];
  readonly #found: string[] = [];

  constructor(secrets: readonly string[]) {
    this.#needles = secrets.flatMap((secret) =>
      Object.entries(formsOf(secret)).map(([form, text]) => ({ form, bytes: Buffer.from(text) })),
    );
  }

  /** Where a secret was found, and in which form. */
  get found(): readonly string[] {
    return this.#found;
  }

  bytes(where: string, bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const { form, bytes: needle } of this.#needles) {
      const at = buffer.indexOf(needle);
      if (at < 0) continue;
      const around = buffer.subarray(Math.max(0, at - 60), at + needle.length + 20).toString('latin1');
      this.#found.push(`${form} in ${where}: ${JSON.stringify(around)}`);
    }
    // Compressed, at the beginning or behind something.
    for (let at = buffer.indexOf(zstdMagic); at >= 0; at = buffer.indexOf(zstdMagic, at + 1)) {
      const content = decompressed(buffer.subarray(at));
      if (content !== null) this.bytes(`${where}, decompressed`, content);
    }
  }

  text(where: string, text: string): void {
    this.bytes(where, Buffer.from(text));
  }

  /** Every file below a directory, and every name. */
  async directory(root: string): Promise<void> {
    for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      this.text('a name', path);
      // What is removed meanwhile has kept nothing.
      if (entry.isFile()) this.bytes(path, await readFile(path).catch(() => Buffer.alloc(0)));
    }
  }

  /** Every value of every table of a PostgreSQL database. */
  async postgres(url: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = 'public'`,
      );
      for (const { name } of tables) {
        for (const row of (await client.query<Record<string, unknown>>(`select * from "${name}"`)).rows) {
          for (const [column, value] of Object.entries(row)) {
            if (value instanceof Uint8Array) this.bytes(`${name}.${column}`, value);
            else this.text(`${name}.${column}`, String(value));
          }
        }
      }
    } finally {
      await client.end();
    }
  }

  /** The arguments of every process of this machine. */
  async processes(): Promise<void> {
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      this.bytes(
        `the arguments of process ${pid}`,
        await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0)),
      );
    }
  }
}

function formsOf(secret: string): Record<string, string> {
  const forms: Record<string, string> = {
    plain: secret,
    'as JSON': JSON.stringify(secret).slice(1, -1),
    'URL-encoded': encodeURIComponent(secret),
    hex: Buffer.from(secret).toString('hex'),
    HEX: Buffer.from(secret).toString('hex').toUpperCase(),
  };
  // Wherever it stands in a group of three bytes.
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    const begin = Math.ceil((shift * 8) / 6);
    const end = Math.floor((whole.length * 8) / 6);
    forms[`base64, shifted by ${shift}`] = whole.toString('base64').slice(begin, end);
    forms[`base64url, shifted by ${shift}`] = whole.toString('base64url').slice(begin, end);
  }
  return forms;
}

function decompressed(bytes: Buffer): Buffer | null {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: 1 << 28 });
  } catch {
    return null;
  }
}
