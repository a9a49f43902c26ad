import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import type { Command } from './Command.ts';

const bash = `# xx completion for bash; try it with: source <(xx completion bash)
_xx() {
  local candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o bashdefault -o default -F _xx xx
`;

const zsh = `#compdef xx
# xx completion for zsh; try it with: source <(xx completion zsh)
_xx() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete zsh "\${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
  if (( \${#candidates} == 0 )) || [[ -z "\${candidates[1]}" ]]; then
    _files
  else
    compadd -a candidates
  fi
}
if [[ "\${funcstack[1]}" == _xx ]]; then
  _xx "$@"
else
  compdef _xx xx
fi
`;

const fish = `# xx completion for fish; try it with: xx completion fish | source
function __xx_complete
    set -l candidates (xx __complete fish (commandline -opc) (commandline -ct) 2>/dev/null)
    if test (count $candidates) -eq 0
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $candidates
    end
end
complete -c xx -f -a '(__xx_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** `xx completion`. */
export const completionCommand: Command = {
  name: 'completion',
  summary: 'Print the script that lets a shell complete commands, options and job names',
  arguments: [{ name: '<shell>', description: 'bash, zsh or fish' }],
  options: [],
  examples: [
    { command: 'xx completion bash > ~/.local/share/bash-completion/completions/xx', explains: 'for every new bash' },
    { command: 'xx completion zsh > ~/.zfunc/_xx', explains: 'for zsh, with ~/.zfunc in fpath' },
    { command: 'xx completion fish > ~/.config/fish/completions/xx.fish', explains: 'for fish' },
  ],
  async run(input, io) {
    const [shell = ''] = input.arguments;
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) {
      throw new CommandError(`no completion for '${shell}'`, ExitCode.usage, 'choose from bash, zsh, fish');
    }
    io.stdout.write(script);
    return ExitCode.success;
  },
};
