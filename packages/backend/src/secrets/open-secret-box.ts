import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, type Result, success } from '@xx-pipeline/common';
import type { SecretBox } from './SecretBox.ts';

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const prefix = 'xx1.';

/**
 * Opens the box of a key file (64 hex digits); makes the file when it is missing. Backends of one database need the
 * same file. Throws when the file exists but is not a key: a new one in its place would lose every secret.
 */
export async function openSecretBox(keyFile: string): Promise<SecretBox> {
  const text = (await readKey(keyFile)) ?? (await makeKey(keyFile));
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${keyFile} is not a key file: expected 64 hex digits`);
  return createSecretBox(Buffer.from(text, 'hex'));
}

/** The box of a key of 32 bytes: AES-256-GCM, a random nonce each time, the context authenticated. */
export function createSecretBox(key: Uint8Array): SecretBox {
  if (key.length !== keyBytes) throw new Error(`a key has ${keyBytes} bytes`);
  return {
    seal: (text, context) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return prefix + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open: (sealed, context) => unseal(key, sealed, context),
  };
}

function unseal(key: Uint8Array, sealed: string, context: string): Result<string, { readonly message: string }> {
  const bytes = Buffer.from(sealed.slice(prefix.length), 'base64url');
  if (!sealed.startsWith(prefix) || bytes.length < ivBytes + tagBytes)
    return failure({ message: 'it is not encrypted' });
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    const body = bytes.subarray(ivBytes + tagBytes);
    return success(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8'));
  } catch {
    return failure({ message: 'the key file is not the one it was encrypted with, or it was changed' });
  }
}

async function readKey(keyFile: string): Promise<string | null> {
  try {
    return (await readFile(keyFile, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written whole beside its place and then linked into it: two that start at once get the same key. */
async function makeKey(keyFile: string): Promise<string> {
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  const draft = `${keyFile}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(keyBytes).toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, keyFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const text = await readKey(keyFile);
  if (text === null) throw new Error(`${keyFile} has vanished`);
  return text;
}
