import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { auth?: string; identitytoken?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/**
 * The `X-Registry-Auth` header for a registry, from the configuration that `docker login` writes and the credential
 * helpers it names; null where nothing is kept. A helper that fails counts as nothing: the registry then says why.
 */
export async function registryAuth(
  registry: string,
  directory = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'),
): Promise<string | null> {
  const config = await readConfig(join(directory, 'config.json'));
  if (config === null) return null;
  const keys =
    registry === 'docker.io'
      ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io']
      : [registry, `https://${registry}`];
  for (const key of keys) {
    const helper = config.credHelpers?.[key] ?? config.credsStore;
    const found = (helper === undefined ? null : await askHelper(helper, key)) ?? kept(config, key);
    if (found !== null) return Buffer.from(JSON.stringify({ ...found, serveraddress: key })).toString('base64url');
  }
  return null;
}

async function readConfig(path: string): Promise<DockerConfig | null> {
  try {
    const config: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof config === 'object' ? config : null;
  } catch {
    return null;
  }
}

function kept(config: DockerConfig, key: string): Credentials | null {
  const entry = config.auths?.[key];
  if (entry?.identitytoken) return { identitytoken: entry.identitytoken };
  if (!entry?.auth) return null;
  const plain = Buffer.from(entry.auth, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  return colon < 0 ? null : { username: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

async function askHelper(helper: string, key: string): Promise<Credentials | null> {
  if (!/^[\w.-]+$/.test(helper)) return null;
  try {
    const child = spawn(`docker-credential-${helper}`, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: 20_000 });
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    child.stdin.on('error', () => {});
    child.stdin.end(key);
    const answer = JSON.parse(await Promise.race([text(child.stdout), failed])) as {
      Username?: string;
      Secret?: string;
    };
    if (!answer.Secret) return null;
    return answer.Username === '<token>'
      ? { identitytoken: answer.Secret }
      : { username: answer.Username ?? '', password: answer.Secret };
  } catch {
    return null;
  }
}
