import { type Problem, problem } from '@xx-pipeline/common/api';

const protocols = new Set(['http:', 'https:', 'ssh:', 'git:', 'git+ssh:', 'file:']);

/** Why workers are not to clone from an address; null when they may. */
export function sourceProblem(url: string): Problem | null {
  const refuse = (message: string) =>
    problem('bad_request', 'the source is not valid', { errors: [{ pointer: '/source/url', message }] });
  // git@host:path; not `ext::command`, and nothing git could take for an option.
  if (/^(?:[\w.][\w.-]*@)?[\w.][\w.-]*:(?![:/])[^\s:][^\s]*$/.test(url)) return null;
  if (!URL.canParse(url)) return refuse('this is not the address of a repository');
  const { protocol, password, username } = new URL(url);
  if (!protocols.has(protocol)) return refuse(`repositories are not fetched over ${protocol}`);
  if (password !== '' || (username !== '' && protocol.startsWith('http'))) {
    return refuse('it carries a user name or password, which would be stored; give workers their own access instead');
  }
  return null;
}
