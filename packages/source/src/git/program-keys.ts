/**
 * Keys of git's configuration that can start a program or reach another machine, with the value that switches each
 * off. `*` stands for the middle part of a name, whatever it contains. Names are in lower case but for that part, as
 * git lists them. A test compares this list and that of harmless keys with `git help -c`.
 */
export const programKeys: Readonly<Record<string, string>> = {
  'browser.*.cmd': '',
  'browser.*.path': '',
  'core.alternaterefscommand': '',
  'core.askpass': '',
  'core.editor': '',
  'core.fsmonitor': 'false',
  'core.gitproxy': '',
  'core.hookspath': '/dev/null',
  'core.pager': '',
  'core.sshcommand': '',
  'credential.*.helper': '',
  'credential.helper': '',
  'diff.*.command': '',
  'diff.*.textconv': '',
  'diff.external': '',
  'diff.guitool': '',
  'diff.tool': '',
  'difftool.*.cmd': '',
  'difftool.*.path': '',
  'fetch.bundleuri': '',
  'filter.*.clean': '',
  'filter.*.process': '',
  'filter.*.required': 'false',
  'filter.*.smudge': '',
  'gc.recentobjectshook': '',
  'gpg.*.program': '',
  'gpg.program': '',
  'gpg.ssh.defaultkeycommand': '',
  'guitool.*.cmd': '',
  'help.browser': '',
  'hook.*.command': '',
  'hook.*.event': '',
  'imap.tunnel': '',
  'init.templatedir': '',
  'instaweb.browser': '',
  'instaweb.httpd': '',
  'interactive.difffilter': '',
  'man.*.cmd': '',
  'man.*.path': '',
  'merge.*.driver': '',
  'merge.guitool': '',
  'merge.tool': '',
  'mergetool.*.cmd': '',
  'mergetool.*.path': '',
  'pager.*': 'false',
  'protocol.*.allow': 'never',
  'protocol.allow': 'never',
  'remote.*.promisor': 'false',
  'remote.*.receivepack': '',
  'remote.*.uploadpack': '',
  'remote.*.vcs': '',
  'sendemail.*.cccmd': '',
  'sendemail.*.headercmd': '',
  'sendemail.*.sendmailcmd': '',
  'sendemail.*.smtpserver': '',
  'sendemail.*.tocmd': '',
  'sendemail.cccmd': '',
  'sendemail.headercmd': '',
  'sendemail.sendmailcmd': '',
  'sendemail.smtpserver': '',
  'sendemail.tocmd': '',
  'sequence.editor': '',
  'status.submodulesummary': 'false',
  'submodule.*.update': 'none',
  'tar.*.command': '',
  'trailer.*.cmd': '',
  'trailer.*.command': '',
  'uploadpack.packobjectshook': '',
  'web.browser': '',
};

/** The value that switches a configured key off; null if it starts nothing. */
export function neutralValue(name: string): string | null {
  const first = name.indexOf('.');
  const last = name.lastIndexOf('.');
  const section = name.slice(0, first).toLowerCase();
  const key = name.slice(last + 1).toLowerCase();
  const pattern = first === last ? `${section}.${key}` : `${section}.*.${key}`;
  return programKeys[name.toLowerCase()] ?? programKeys[pattern] ?? (section === 'pager' ? 'false' : null);
}
