import type { ArgumentSpec, Command } from '../commands/Command.ts';
import type { OptionSpec } from '../io/CommandIo.ts';
import { paint, type TextStyle } from '../render/style.ts';
import { globalOptions } from './global-options.ts';

const exitCodeLines = [
  '0    success; also: the pipeline waits for a person, or nothing is to run',
  '1    the pipeline failed',
  '2    wrong usage, or an invalid pipeline file',
  '3    xx or the machine failed: no Docker, disk full',
  '130  interrupted',
];

/** `xx --help`. */
export function renderProgramHelp(commands: readonly Command[], style: TextStyle): string {
  return sections(
    [
      ['', ['xx runs CI/CD pipelines written in the GitLab CI language; every job in its own container.']],
      ['Usage', ['xx <command> [options]']],
      ['Commands', twoColumns(commands.map((command) => [command.name, command.summary]))],
      ['Options', twoColumns([...optionRows(globalOptions), ['-V, --version', 'show the version']])],
      [
        'Examples',
        examples([
          { command: 'xx init', explains: 'write a first pipeline file' },
          { command: 'xx check', explains: 'find everything that is wrong with it' },
          { command: 'xx run --local', explains: 'run it on this machine' },
          { command: 'xx help run', explains: 'everything about one command' },
        ]),
      ],
      ['Exit codes', exitCodeLines],
      [
        'Environment',
        twoColumns([
          ['XX_HOME', 'where reports and logs are kept (default ~/.xx-pipeline)'],
          ['DOCKER_HOST', 'the Docker engine to use'],
          ['NO_COLOR, FORCE_COLOR', 'never or always use colours; --color is stronger'],
          ['XX_DEBUG=1', 'show stack traces of unexpected errors'],
        ]),
      ],
    ],
    style,
  );
}

/** `xx <command> --help`. */
export function renderCommandHelp(command: Command, style: TextStyle): string {
  const specs = command.arguments ?? [];
  const usage = ['xx', command.name, ...specs.map((argument) => argument.name), '[options]'].join(' ');
  return sections(
    [
      ['', [`${command.summary}.`]],
      ['Usage', [usage]],
      ['Examples', examples(command.examples)],
      ['Arguments', twoColumns(specs.map((argument: ArgumentSpec) => [argument.name, argument.description]))],
      ['Options', twoColumns(optionRows([...command.options, ...globalOptions]))],
      ['Exit codes', exitCodeLines],
    ],
    style,
  );
}

function sections(parts: readonly [string, readonly string[]][], style: TextStyle): string {
  const blocks = parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) =>
      title === '' ? lines.join('\n') : [paint(style, 'bold', title), ...lines.map((line) => `  ${line}`)].join('\n'),
    );
  return `${blocks.join('\n\n')}\n`;
}

function optionRows(options: readonly OptionSpec[]): [string, string][] {
  return options.map((option) => {
    const flags = option.flags.startsWith('--') ? `    ${option.flags}` : option.flags;
    const details = [
      option.choices === undefined ? '' : ` (${option.choices.join(', ')})`,
      option.repeatable === true ? ' (may be repeated)' : '',
    ];
    return [flags, option.description + details.join('')];
  });
}

function examples(list: readonly { command: string; explains: string }[]): string[] {
  return twoColumns(list.map(({ command, explains }) => [command, `# ${explains}`]));
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
