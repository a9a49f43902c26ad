import type { ProjectFacts } from './predefined-variables.ts';

/** What a remote's address (or a directory, for a repository without remote) tells about the project. */
export function projectFacts(repository: string): ProjectFacts {
  const remote = parseRemote(repository);
  if (remote === null) {
    const name = lastPart(repository);
    return { name, path: name, url: null, repositoryUrl: null };
  }
  const { host, path, protocol, clone } = remote;
  const url = `${protocol}://${host}/${path}`;
  return { name: lastPart(path), path, url, repositoryUrl: clone };
}

interface Remote {
  readonly host: string;
  readonly path: string;
  readonly protocol: 'http' | 'https';
  readonly clone: string;
}

function parseRemote(text: string): Remote | null {
  // git@host:group/project.git; a single letter is a drive.
  const scp = /^(?:[\w.-]+@)?([\w.-]{2,}):(?!\/\/)(.+)$/.exec(text);
  if (scp !== null) {
    const [, host = '', path = ''] = scp;
    return { host, path: cleanPath(path), protocol: 'https', clone: text };
  }
  if (!/^\w[\w+.-]*:\/\//.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === 'file:') return null;
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  // A remote may carry somebody's token: it goes to no variable that jobs print.
  url.username = '';
  url.password = '';
  const host = protocol === 'http' || url.protocol === 'https:' ? url.host : url.hostname;
  return { host, path: cleanPath(url.pathname), protocol, clone: url.href };
}

function cleanPath(path: string): string {
  return path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}

function lastPart(path: string): string {
  return cleanPath(path).split(/[/\\]/).at(-1) || 'project';
}
