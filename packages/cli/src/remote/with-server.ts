import type { CommandInput, CommandIo } from '../io/CommandIo.ts';
import { textOption } from '../io/options.ts';
import type { DataFormat } from '../render/data-text.ts';
import { BackendApiClient } from './BackendApiClient.ts';
import { withExplainedErrors } from './explain-api-error.ts';
import { findServer } from './find-server.ts';

/** Runs what a command does with a server, and ends the connections. */
export async function withServer<T>(
  input: CommandInput,
  io: CommandIo,
  work: (client: BackendApiClient) => Promise<T>,
): Promise<T> {
  const client = new BackendApiClient(findServer(input, io));
  try {
    return await withExplainedErrors(client, () => work(client));
  } finally {
    client.close();
  }
}

/** Prints data for programs, or the text made of it. */
export async function printData(
  data: unknown,
  text: () => string,
  input: CommandInput,
  { stdout }: Pick<CommandIo, 'stdout'>,
): Promise<void> {
  const format = textOption(input, 'output') ?? 'text';
  if (format === 'text') stdout.write(text());
  else {
    const { formatData } = await import('../render/data-text.ts');
    stdout.write(await formatData(data, format as DataFormat));
  }
  await stdout.drained();
}
