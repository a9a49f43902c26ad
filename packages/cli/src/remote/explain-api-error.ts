import { ApiMismatch, ApiProblem, ApiUnreachable } from '@xx-pipeline/common/api';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { version } from '../version.ts';
import type { BackendApiClient } from './BackendApiClient.ts';

/** Runs a command's work against a server; what the server or the network says becomes one message. */
export async function withExplainedErrors<T>(client: BackendApiClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await explainApiError(error, client);
  }
}

/** What a person is told of an error of the API; errors of other kinds as they are. */
export async function explainApiError(error: unknown, client: BackendApiClient): Promise<unknown> {
  const { url, token } = client.server;
  if (error instanceof ApiUnreachable) {
    return new CommandError(
      error.message,
      ExitCode.machine,
      `is the server at ${url} up? \`xx server\` starts one, and --local does without`,
    );
  }
  if (error instanceof ApiMismatch) {
    return new CommandError(error.message, ExitCode.machine, (await otherVersion(client)) ?? `is ${url} an xx server?`);
  }
  if (!(error instanceof ApiProblem)) return error;
  switch (error.problem.code) {
    case 'unauthorized':
      return token === null
        ? new CommandError(`${url} asks for a token`, ExitCode.usage, 'give it as XX_TOKEN or in a --token-file')
        : new CommandError(
            `${url} does not know this token`,
            ExitCode.usage,
            'it is read from --token-file, else XX_TOKEN, else server.json in the state directory',
          );
    case 'forbidden':
      return new CommandError(
        sentence(error),
        ExitCode.usage,
        '`xx backend token create --role person` makes one; give it as XX_TOKEN',
      );
    case 'unavailable':
    case 'internal':
      return new CommandError(sentence(error), ExitCode.machine, await otherVersion(client));
    case 'bad_request':
      return new CommandError(withFields(error), ExitCode.usage, await otherVersion(client));
    default:
      return new CommandError(withFields(error), ExitCode.usage);
  }
}

/** What the server says, without the name of the operation, which no person has asked for. */
const sentence = ({ problem }: ApiProblem): string => problem.detail ?? problem.title;

/** The problem with every bad field on a line of its own. */
function withFields(error: ApiProblem): string {
  const { problem } = error;
  if (problem.errors === undefined || problem.errors.length === 0) return sentence(error);
  const fields = problem.errors.map((each) => `  ${each.pointer || '/'}: ${each.message}`);
  return [`the server refused it: ${problem.detail ?? problem.title}`, ...fields].join('\n');
}

/** A line of help where the server is of another version; null where it is not, or cannot be asked. */
async function otherVersion(client: BackendApiClient): Promise<string | null> {
  try {
    const { body } = await client.api.version({}, { signal: AbortSignal.timeout(3000) });
    if (body.version === version) return null;
    return `the server is xx ${body.version}, this is xx ${version}: use the same version for both`;
  } catch {
    return null;
  }
}
