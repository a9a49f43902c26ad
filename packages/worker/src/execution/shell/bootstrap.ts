/** Before the first script: the processes that are the container's own, an entrypoint's among them. */
export const noteProcesses = `set -- /proc/[0-9]*
xx_own=\${xx_own:-$*}`;

/** After a script, whose exit code is in `$?`: whether it has left a process behind. Builtins alone: anything else would be one. */
export const lookForProcesses = `xx_code=$?
set -- /proc/[0-9]*
case "$*" in *"["*) xx_rest= ;; "$xx_own") xx_rest=" alone" ;; *) xx_rest= ;; esac`;

/** How a script ended, by what follows the token in its trailer. */
export function readTrailer(text: string): { readonly exitCode: number; readonly alone: boolean } {
  const [exitCode, rest] = text.trim().split(' ');
  return { exitCode: Number(exitCode), alone: rest === 'alone' };
}

/**
 * What a started container waits in: a shell that reads script texts from its standard input and runs each in a
 * shell of its own, until its input ends.
 *
 *   host -> container (stdin)     `<length> <token> <end line>\n` then `length` bytes of script, the last line of
 *                                 which is the end line (a comment)
 *   container -> host (stdout)    once, at its start: `<hello> <process id>\n`
 *   container -> host (both)      after each script: `<token> <exit code>\n`, with ` alone` where no process is left
 *
 * - The token is known to the outer shell alone: it is never exported, an argument or a file, and the script runs in
 *   a new process image. So a script cannot, by accident or cheaply, end its own output.
 * - The trailer comes on both streams and is written after the script's shell has ended, so what came before it on
 *   each stream is all the output there is.
 * - The text reaches its shell by way of a pipe and `eval`: no limit on arguments applies, and the commands read
 *   /dev/null and never the text. Where the image has no `head`, the shell reads up to the end line by itself.
 * - `--norc`, because bash reads a person's start-up file where its input is a socket.
 * - `read` takes a pipe byte by byte, so nothing is read ahead of a script.
 * - A shell that is killed before it has read its text leaves that in the input: lines without a token are passed over.
 * - When the host goes away, standard input ends, the shell with it, and with the shell the container.
 */
const outer = `trap : TERM INT HUP
unset IFS xx_length xx_token xx_end xx_own xx_code xx_rest
xx_inner=$1
if command -v bash >/dev/null 2>&1; then xx_shell='bash --norc'; else xx_shell=sh; fi
echo "\u001exx-pipeline""-shell $$"
while read -r xx_length xx_token xx_end; do
case $xx_token in "\u001e"*) ;; *) continue ;; esac
${noteProcesses}
$xx_shell -c "$xx_inner" "\${xx_shell%% *}" "$xx_length" "$xx_end"
${lookForProcesses}
echo "$xx_token $xx_code$xx_rest"
echo "$xx_token $xx_code$xx_rest" >&2
done`;

/** Reads one script and runs it: the shell inside the outer one. */
export const inner = `exec 3<&0 </dev/null
eval "set --;exec 3<&-;$(if command -v head >/dev/null 2>&1; then head -c "$1"; else
while IFS= read -r xx_line; do printf '%s\\n' "$xx_line"; if [ "$xx_line" = "$2" ]; then break; fi; done; fi <&3)"`;

/** The command a container is created with. */
export const bootstrapCommand: readonly string[] = ['sh', '-c', outer, 'sh', inner];

/**
 * What the outer shell's first line begins with; its process id follows. The text above does not hold it in one piece,
 * for entrypoints that print the command they are given.
 */
export const helloMark = '\u001exx-pipeline-shell';

/** A script as the outer shell takes it. `token` and `end` are random texts without white space, `token` begins with a record separator. */
export function frameScript(text: string, token: string, end: string): Buffer {
  const endLine = `#${end}`;
  const body = Buffer.from(`${text}\n${endLine}\n`);
  return Buffer.concat([Buffer.from(`${body.length} ${token} ${endLine}\n`), body]);
}
