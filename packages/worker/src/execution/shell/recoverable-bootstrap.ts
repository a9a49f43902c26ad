import { inner, lookForProcesses, noteProcesses } from './bootstrap.ts';

/** Where the container finds the directory of `RecoverableSession`. */
export const recoveryMount = '/run/xx-pipeline';

/** Bytes of one stream that are kept in a file; what comes after them goes over the attached connection. */
export const recoverableBytes = 1.25 * 2 ** 30;

/** In front of further process ids that signals must spare. */
export const keepMark = '\u001exx-pipeline-keep';

/** A file can take no more: what follows on this stream comes over the connection, and what was on its way is lost. */
export const gapMark = '\u001exx-pipeline-gap';

/** As much may be in the hands of a `cat` that fails to write it: the largest buffer that one is known to use. */
export const catBuffer = 128 * 1024;

/**
 * As `bootstrap.ts`, for containers that outlive the process that made them. What differs:
 *
 * - Standard input does not end when we go: the shell waits on, for whoever attaches next.
 * - Output goes into files of the mounted directory, `out` and `err`, trailers included: they tell everything, also to
 *   a process that was not there when it happened. It gets there through a FIFO and `cat`, because a job's output must
 *   stay a pipe: `echo x > /dev/stdout` would empty a file.
 * - When a file can take no more (its limit, or the disk is full), a second `cat` sends the rest over the attached
 *   connection. The shell between them holds the FIFO, so that the job does not notice. What the first `cat` had taken
 *   and could not write is lost, at most one buffer of it; a mark on the connection says that there is such a gap.
 * - `exit` repeats the exit codes, for the case that a trailer is in the gap. The host has made it with room in it, which
 *   is written over in place: also a full disk takes that. Where it does not (file systems that copy on write), it is
 *   tried again until it does.
 * - An image without `mkfifo` and `cat` gets no files: all goes over the connection.
 */
const outer = `trap : TERM INT HUP
unset IFS xx_length xx_token xx_end xx_own xx_code xx_rest
xx_inner=$1
if command -v bash >/dev/null 2>&1; then xx_shell='bash --norc'; else xx_shell=sh; fi
xx_dir=${recoveryMount}
xx_keep() {
trap '' TERM INT HUP 25
(umask 022; ulimit -f ${recoverableBytes / 512} 2>/dev/null; exec cat <&3 >>"$1" 2>/dev/null) &
echo "\u001exx-pipeline""-keep $!"
wait $!
echo "\u001exx-pipeline""-gap"
exec cat <&3
}
if command -v cat >/dev/null 2>&1 && mkfifo -m 666 $xx_dir/o $xx_dir/e 2>/dev/null; then
{ xx_keep $xx_dir/out; } 3<>$xx_dir/o &
xx_o=$!
{ xx_keep $xx_dir/err; } 3<>$xx_dir/e >&2 &
echo "\u001exx-pipeline""-shell $$ $xx_o $!"
exec >$xx_dir/o 2>$xx_dir/e
rm -f $xx_dir/o $xx_dir/e 2>/dev/null
if [ -w $xx_dir/exit ]; then exec 4<>$xx_dir/exit; else exec 4>/dev/null; fi
else
exec 4>/dev/null
echo "\u001exx-pipeline""-shell $$"
fi
while read -r xx_length xx_token xx_end; do
case $xx_token in "\u001e"*) ;; *) continue ;; esac
${noteProcesses}
$xx_shell -c "$xx_inner" "\${xx_shell%% *}" "$xx_length" "$xx_end" 4>&-
${lookForProcesses}
{ echo "$xx_token $xx_code" >&4 || { while sleep 1; do echo "$xx_token $xx_code" >&4 && break; done & }; } 2>/dev/null
echo "$xx_token $xx_code$xx_rest"
echo "$xx_token $xx_code$xx_rest" >&2
done`;

/** The command a recoverable container is created with. */
export const recoverableBootstrap: readonly string[] = ['sh', '-c', outer, 'sh', inner];
