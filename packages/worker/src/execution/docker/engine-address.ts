import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ExecutionBroken } from '../errors.ts';

/** Where a Docker engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: TlsFiles | null }
  | { readonly kind: 'ssh'; readonly url: string };

/** Client certificates as the docker command lays them out in one directory. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly verify: boolean;
}

/** Environment and file system as far as finding an engine needs them. */
export interface AddressSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number | null;
  exists(path: string): boolean;
  read(path: string): string | null;
}

/** The surroundings of this process. */
export function processSurroundings(): AddressSurroundings {
  return {
    env: process.env,
    home: homedir(),
    uid: process.getuid?.() ?? null,
    exists: existsSync,
    read: (path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return null;
      }
    },
  };
}

/** An address and the setting that chose it, for messages; null: the first socket that exists. */
export interface LocatedEngine {
  readonly address: EngineAddress;
  readonly setting: string | null;
}

/**
 * Finds the engine as the docker command does: `DOCKER_HOST`, else the current context, else the system's socket;
 * and, where that is missing, the sockets of a rootless engine and of Podman. Throws `ExecutionBroken` where a setting
 * cannot be used.
 */
export function locateEngine(from: AddressSurroundings): LocatedEngine {
  const host = from.env['DOCKER_HOST'];
  if (host) return { address: parseEngineAddress(host, from), setting: 'DOCKER_HOST' };
  const name = contextName(from);
  if (name !== null) {
    return { address: parseEngineAddress(contextHost(name, from), from), setting: `the Docker context "${name}"` };
  }
  const path = socketCandidates(from).find((candidate) => from.exists(candidate));
  return { address: { kind: 'unix', path: path ?? '/var/run/docker.sock' }, setting: null };
}

/** The address alone. */
export const findEngineAddress = (from: AddressSurroundings): EngineAddress => locateEngine(from).address;

function socketCandidates(from: AddressSurroundings): string[] {
  const runtime = from.env['XDG_RUNTIME_DIR'] ?? (from.uid === null ? undefined : `/run/user/${from.uid}`);
  const own = runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`];
  return ['/var/run/docker.sock', ...own, join(from.home, '.docker/run/docker.sock'), '/run/podman/podman.sock'];
}

const dockerConfig = (from: AddressSurroundings): string => from.env['DOCKER_CONFIG'] ?? join(from.home, '.docker');

/** The context that the docker command uses; null for its default one. */
function contextName(from: AddressSurroundings): string | null {
  const current = () => stringAt(from.read(join(dockerConfig(from), 'config.json')), ['currentContext']);
  const name = from.env['DOCKER_CONTEXT'] ?? current();
  return !name || name === 'default' ? null : name;
}

function contextHost(name: string, from: AddressSurroundings): string {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = from.read(join(dockerConfig(from), 'contexts/meta', id, 'meta.json'));
  const host = stringAt(meta, ['Endpoints', 'docker', 'Host']);
  if (host !== null) return host;
  throw new ExecutionBroken(`Docker context "${name}" ${meta === null ? 'not found' : 'has no Docker endpoint'}`, {
    help: '`docker context ls` lists contexts, `docker context use default` chooses the engine of this machine; DOCKER_CONTEXT overrides',
  });
}

function stringAt(json: string | null, path: readonly string[]): string | null {
  if (json === null) return null;
  try {
    let value: unknown = JSON.parse(json);
    for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** Reads one address in the form that `DOCKER_HOST` has; a bare path is a socket. */
export function parseEngineAddress(text: string, from: Pick<AddressSurroundings, 'env' | 'home'>): EngineAddress {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  if (text.startsWith('unix://')) return { kind: 'unix', path: text.slice('unix://'.length) };
  if (text.startsWith('ssh://')) return { kind: 'ssh', url: text };
  const tcp = /^(tcp|http|https):\/\/(\[[0-9a-fA-F:]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(text);
  if (tcp === null) {
    throw new ExecutionBroken(`cannot read the Docker engine's address ${JSON.stringify(text)}`, {
      help: 'DOCKER_HOST looks like unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host',
    });
  }
  const tls = tlsFiles(tcp[1] === 'https', from);
  const port = tcp[3] === undefined ? (tls === null ? 2375 : 2376) : Number(tcp[3]);
  return { kind: 'tcp', host: (tcp[2] ?? '').replace(/^\[|\]$/g, ''), port, tls };
}

function tlsFiles(https: boolean, from: Pick<AddressSurroundings, 'env' | 'home'>): TlsFiles | null {
  const verify = Boolean(from.env['DOCKER_TLS_VERIFY']);
  if (!verify && !https && !from.env['DOCKER_TLS']) return null;
  const directory = from.env['DOCKER_CERT_PATH'] ?? join(from.home, '.docker');
  return {
    ca: join(directory, 'ca.pem'),
    cert: join(directory, 'cert.pem'),
    key: join(directory, 'key.pem'),
    verify: verify || https,
  };
}

/** The address as a person writes it. */
export function showEngineAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return address.kind === 'ssh' ? address.url : `tcp://${address.host}:${address.port}`;
}
