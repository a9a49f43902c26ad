import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { findPostgres } from '../../scripts/testing/postgres/find-postgres.ts';

// Stand-ins for public images where none can be pulled: busybox and programs of this machine, with their libraries.

/** Makes an image that offers what `node:…-slim` does, and where `apt-get` has nothing left to install. */
export function buildNodeImage(tag: string): void {
  build(tag, (root) => {
    copyProgram(root, process.execPath, '/usr/local/bin/node');
    copyProgram(root, which('git'), '/usr/bin/git');
    const gitPrograms = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();
    for (const name of ['git-remote-http', 'git-remote-https']) {
      if (existsSync(join(gitPrograms, name))) copyProgram(root, join(gitPrograms, name));
    }
    write(root, '/usr/bin/apt-get', '#!/bin/sh\necho "$* (stand-in)"\n', 0o755);
    write(root, '/etc/passwd', 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
    write(root, '/etc/group', 'root:x:0:\nnode:x:1000:\n');
    return [linkEnv, 'CMD ["node"]'];
  });
}

/** Makes an image that understands what this project uses of `postgres:…`: four variables, its volume, pg_isready. */
export function buildPostgresImage(tag: string): void {
  const programs = findPostgres();
  if (programs === null) throw new Error('this test needs the programs of a PostgreSQL server on this machine');
  const folder = dirname(programs.postgres);
  const ask = (flag: string) => execFileSync(join(folder, 'pg_config'), [flag], { encoding: 'utf8' }).trim();
  build(tag, (root) => {
    for (const name of ['postgres', 'initdb', 'psql', 'pg_isready', 'pg_dump', 'pg_restore']) {
      // The server looks for its files from where it is itself.
      copyProgram(root, join(folder, name));
      write(root, `/usr/local/bin/${name}`, `#!/bin/sh\nexec ${join(folder, name)} "$@"\n`, 0o755);
    }
    copy(root, ask('--sharedir'));
    // Compiling queries is not needed, and what does it is larger than all the rest.
    const libraries = ask('--pkglibdir');
    copy(root, libraries, libraries, (path) => !/llvm|bitcode/.test(basename(path)));
    copy(root, '/usr/share/zoneinfo/UTC');
    write(root, '/etc/passwd', 'root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n');
    write(root, '/entrypoint', entrypoint, 0o755);
    return [
      'RUN mkdir -p /var/lib/postgresql/data /var/run/postgresql && chmod 1777 /tmp',
      'RUN chown -R 999:999 /var/lib/postgresql /var/run/postgresql',
      'ENV PGDATA=/var/lib/postgresql/data LC_ALL=C TZ=UTC',
      'USER 999:999',
      'STOPSIGNAL SIGINT',
      'ENTRYPOINT ["/entrypoint"]',
    ];
  });
}

/** Makes an image whose first process is the systemd of this machine, with an installed `xx` that is in `dist`. */
export function buildSystemdImage(tag: string, dist: string): void {
  build(tag, (root) => {
    const folder = '/lib/systemd';
    for (const name of ['systemd', 'systemd-journald']) copyProgram(root, join(folder, name));
    for (const name of ['systemctl', 'journalctl', 'systemd-sysusers', 'setpriv', 'install', 'git']) {
      copyProgram(root, which(name), `/usr/bin/${name}`);
    }
    // The shell of busybox takes its own setpriv, which knows less.
    copyProgram(root, '/bin/sh', '/usr/bin/shell');
    copyProgram(root, process.execPath, '/usr/bin/node');
    for (const name of systemdUnits) copy(root, join(folder, 'system', name));
    copy(root, dist, '/opt/xx');
    write(root, '/etc/passwd', 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n');
    const engineGroup = statSync('/var/run/docker.sock').gid;
    write(root, '/etc/group', `root:x:0:\ndocker:x:${engineGroup}:\nnogroup:x:65534:\n`);
    write(root, '/etc/machine-id', '');
    return [
      'RUN mkdir -p /var/log /var/tmp /etc/sysusers.d /etc/systemd/system/sysinit.target.wants',
      linkEnv,
      'RUN ln -s ../run /var/run && ln -s /opt/xx/xx.js /usr/bin/xx',
      'RUN ln -s /lib/systemd/system/systemd-journald.service /etc/systemd/system/sysinit.target.wants/',
      'STOPSIGNAL SIGRTMIN+3',
      'ENTRYPOINT ["/lib/systemd/systemd", "--unit=multi-user.target"]',
    ];
  });
}

// Images of busybox have `env` in /bin or in /usr/bin, but all have /bin/busybox.
const linkEnv = 'RUN mkdir -p /usr/bin && ln -sf /bin/busybox /usr/bin/env';

const systemdUnits = [
  ...['basic', 'exit', 'multi-user', 'network', 'network-online', 'paths', 'shutdown', 'slices', 'sockets'],
  ...['local-fs', 'local-fs-pre', 'sysinit', 'timers', 'umount', 'final'],
]
  .map((name) => `${name}.target`)
  .concat('systemd-journald.service', 'systemd-journald.socket', 'systemd-journald-dev-log.socket');

const entrypoint = `#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" >/tmp/password
  initdb -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "create database $POSTGRES_DB" | postgres --single -D "$PGDATA" postgres
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -k /var/run/postgresql
`;

function build(tag: string, fill: (root: string) => readonly string[]): void {
  const context = mkdtempSync(join(tmpdir(), 'xx-image-'));
  try {
    const lines = fill(join(context, 'root'));
    const file = ['FROM busybox:latest', 'COPY root /', ...lines, ''].join('\n');
    writeFileSync(join(context, 'Dockerfile'), file);
    execFileSync('docker', ['build', '--quiet', '--network', 'none', '--tag', tag, context], { stdio: 'pipe' });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function copyProgram(root: string, from: string, to = from): void {
  copy(root, realpathSync(from), to);
  const libraries = execFileSync('ldd', [from], { encoding: 'utf8' });
  for (const [, path = ''] of libraries.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)) {
    // Where the loader looks, whatever /lib is on this machine.
    if (!existsSync(join(root, path))) copy(root, realpathSync(path), path);
  }
}

function copy(root: string, from: string, to = from, filter: (path: string) => boolean = () => true): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  cpSync(from, join(root, to), { recursive: true, dereference: true, filter });
}

function write(root: string, path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content, { mode });
}

const which = (name: string) => execFileSync('which', [name], { encoding: 'utf8' }).trim();
