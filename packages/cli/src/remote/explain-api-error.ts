import { ApiMismatch, ApiProblem, ApiUnreachable } from '@xx-pipeline/common/api';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { version } from '../version.ts';
import type { BackendApiClient } from './BackendApiClient.ts';

/** Runs the work of a command against a server. An error of the server or of the network becomes one message. */
export async function withExplainedErrors<T>(client: BackendApiClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await explainApiError(error, client);
  }
}

/** An error of the API as a message for a person; any other error as it is. */
export async function explainApiError(error: unknown, client: BackendApiClient): Promise<unknown> {
  const { url, token } = client.server;
  if (error instanceof ApiUnreachable) {
    return new CommandError(
      error.message,
      ExitCode.machine,
      `check that the server at ${url} is running; \`xx server\` starts one, --local needs none`,
    );
  }
  if (error instanceof ApiMismatch) {
    return new CommandError(
      error.message,
      ExitCode.machine,
      (await otherVersion(client)) ?? `check that ${url} is an xx server`,
    );
  }
  if (!(error instanceof ApiProblem)) return error;
  switch (error.problem.code) {
    case 'unauthorized':
      return token === null
        ? new CommandError(`${url} requires a token`, ExitCode.usage, 'give it as XX_TOKEN or in a --token-file')
        : new CommandError(
            `${url} rejected the token`,
            ExitCode.usage,
            'it is read from --token-file, else XX_TOKEN, else server.json in the state directory',
          );
    case 'forbidden':
      return new CommandError(
        sentence(error),
        ExitCode.usage,
        'create a token with `xx backend token create --role person` and give it as XX_TOKEN',
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

/** The message of the server, without the name of the operation, which means nothing to a person. */
const sentence = ({ problem }: ApiProblem): string => problem.detail ?? problem.title;

/** The problem with every bad field on a line of its own. */
function withFields(error: ApiProblem): string {
  const { problem } = error;
  if (problem.errors === undefined || problem.errors.length === 0) return sentence(error);
  const fields = problem.errors.map((each) => `  ${each.pointer || '/'}: ${each.message}`);
  return [`the server rejected the request: ${problem.detail ?? problem.title}`, ...fields].join('\n');
}

/** A line of help if the server has another version; null if it has the same or is unreachable. */
async function otherVersion(client: BackendApiClient): Promise<string | null> {
  try {
    const { body } = await client.api.version({}, { signal: AbortSignal.timeout(3000) });
    if (body.version === version) return null;
    return `the server is xx ${body.version}, this is xx ${version}: use the same version for both`;
  } catch {
    return null;
  }
}
