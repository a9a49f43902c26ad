import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { SetupWorld } from './SetupCheck.ts';

/** This process may change the system. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A Debian, an Ubuntu or one of their children, with its package tool. */
export function isDebianLike(world: Pick<SetupWorld, 'env'>): boolean {
  let text: string;
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return false;
  }
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(text) && findProgram(world, 'apt-get') !== null;
}

/** systemd runs this machine. */
export function hasSystemd(): boolean {
  return isReadable('/run/systemd/system');
}

/** Where a program is; the administrator's folders are looked at too, they are not in everybody's PATH. */
export function findProgram(world: Pick<SetupWorld, 'env'>, name: string): string | null {
  const folders = [...(world.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (folder === '') continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not there.
    }
  }
  return null;
}

/** Whether a path is there and may be read. */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
