import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Programs of a PostgreSQL server, and whom they run as. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** PostgreSQL refuses to run as root; null: as whoever runs the tests. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

const versions = '/usr/lib/postgresql';

/** The newest PostgreSQL server of this machine: Debian's place first, then PATH; null when there is none. */
export function findPostgres(): PostgresPrograms | null {
  const folder = [...debianFolders(), ...(process.env['PATH'] ?? '').split(':')].find(
    (path) => path !== '' && existsSync(join(path, 'initdb')) && existsSync(join(path, 'postgres')),
  );
  if (folder === undefined) return null;
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres'), user: findUser() };
}

function debianFolders(): readonly string[] {
  if (!existsSync(versions)) return [];
  const newestFirst = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return newestFirst.map((version) => join(versions, version, 'bin'));
}

function findUser(): PostgresPrograms['user'] {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user.
    }
  }
  return null;
}
