import { ExitCode } from '../io/exit-codes.ts';
import type { Command } from './Command.ts';

/** `xx schema`. */
export const schemaCommand: Command = {
  name: 'schema',
  summary: 'Print the JSON Schema of pipeline files, for editors',
  options: [{ flags: '--report', description: 'the schema of reports instead' }],
  examples: [
    {
      command: 'xx schema > .xx-pipeline.schema.json',
      explains: 'for the yaml-language-server line that xx init writes',
    },
    { command: 'xx schema --report', explains: 'the shape of report.json and of xx run -o json' },
  ],
  async run(input, io) {
    const schema = input.options['report'] === true ? await readReportSchema() : await readPipelineSchema();
    io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    return ExitCode.success;
  },
};

// Taken apart at once: of a module that is kept whole, the check for unused code believes that all of it is used.
async function readReportSchema(): Promise<object> {
  const { reportJsonSchema } = await import('@xx-pipeline/common/api');
  return reportJsonSchema();
}

async function readPipelineSchema(): Promise<object> {
  const { pipelineSchema } = await import('@xx-pipeline/pipeline-language');
  return pipelineSchema();
}
