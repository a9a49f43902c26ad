import { hostname } from 'node:os';
import { openTokens } from '@xx-pipeline/backend';
import { tokenRoles } from '@xx-pipeline/common';
import { CommandError, type CommandInput, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';
import { explainFailures } from './open-backend.ts';
import { readStorage } from './run-backend.ts';

/** `xx backend token create|revoke`: works whether or not a backend runs. */
export async function manageTokens(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const [noun, verb, ...rest] = input.arguments;
  if (noun !== 'token' || (verb !== 'create' && verb !== 'revoke') || rest.length > 0) {
    const said = input.arguments.join(' ');
    throw new CommandError(`xx backend: unknown action '${said}'`, ExitCode.usage, 'token create or token revoke');
  }
  const role = textOption(input, 'role');
  const name = textOption(input, 'name');
  const known = tokenRoles.find((one) => one === role);
  if (verb === 'create' && known === undefined) {
    throw new CommandError('--role is required (person or worker)', ExitCode.usage, '--role person or --role worker');
  }
  if (verb === 'revoke' && name === undefined) {
    throw new CommandError('--name is required', ExitCode.usage, 'give the name that token create got');
  }
  const { directory, database } = await readStorage(input, io);
  return await explainFailures(null, async () => {
    const tokens = await openTokens({ database, stateDirectory: directory });
    try {
      if (known !== undefined && verb === 'create') {
        const token = await tokens.create(known, name ?? `${known} of ${hostname()}`);
        io.stdout.write(`${token}\n`);
        io.stderr.write('keep it: it is shown this once only\n');
        return ExitCode.success;
      }
      if (await tokens.revoke(name ?? '')) return ExitCode.success;
      throw new CommandError(`no token has the name ${name}`, ExitCode.usage);
    } finally {
      await tokens.close();
    }
  });
}
