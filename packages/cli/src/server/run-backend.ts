import { join, resolve } from 'node:path';
import { aborted } from '@xx-pipeline/common';
import type { CommandInput, CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { textOption } from '../io/options.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { version } from '../version.ts';
import { databaseUrl, makeStateDirectory, openBackend } from './open-backend.ts';
import { readExposure, readPublicUrl, serviceLog } from './service-options.ts';

/** Where backends listen when nobody says otherwise. */
export const defaultAddress = '127.0.0.1:8642';

/** `xx backend` without further words: serves until it is told to stop. */
export async function runBackend(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const exposure = readExposure(input, io, defaultAddress);
  const { directory, database } = await readStorage(input, io);
  const path = (name: string) => {
    const given = textOption(input, name);
    return given === undefined ? undefined : resolve(io.cwd, given);
  };
  const [sharedDirectory, secretKeyFile] = [path('sharedDirectory'), path('secretKeyFile')];
  const backend = await openBackend(
    {
      ...exposure,
      database,
      stateDirectory: directory,
      publicUrl: readPublicUrl(input),
      version,
      log: serviceLog(io),
      ...(sharedDirectory !== undefined && { sharedDirectory }),
      ...(secretKeyFile !== undefined && { secretKeyFile }),
    },
    io.env,
  );
  await aborted(io.interrupted);
  await backend.close();
  return ExitCode.success;
}

/** The state directory, made where it is missing, and the database. */
export async function readStorage(input: CommandInput, io: CommandIo) {
  const given = textOption(input, 'stateDirectory');
  const directory = given === undefined ? join(stateDirectory(io.env, io.cwd), 'backend') : resolve(io.cwd, given);
  const named = textOption(input, 'database') ?? (io.env['XX_DATABASE'] || undefined);
  const database = databaseUrl(
    named?.replace(/^sqlite:(?!\/)(.+)/, (_, path: string) => `sqlite:${resolve(io.cwd, path)}`),
    directory,
  );
  return { directory: await makeStateDirectory(directory), database };
}
