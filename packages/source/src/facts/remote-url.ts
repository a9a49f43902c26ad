/** A remote's URL without user name and password, so that it can stand in reports and variables. */
export function withoutCredentials(url: string): string {
  const schemed = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/i.exec(url);
  if (schemed === null) return url;
  const [, scheme = '', user = '', rest = ''] = schemed;
  // `ssh://git@host` needs its user to be an address at all; a password never does.
  return /^(ssh|git\+ssh):/i.test(scheme) ? `${scheme}${user.split(':')[0]}@${rest}` : `${scheme}${rest}`;
}

/** Whether a `--repo` value is an address to fetch from; anything else is a path. */
export function isRemoteUrl(repository: string): boolean {
  // `host:path` is git's short form of ssh; a path with a colon in it can be written with a leading `./`.
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(repository) || /^[^/\\:]+:(?!\\)/.test(repository);
}
