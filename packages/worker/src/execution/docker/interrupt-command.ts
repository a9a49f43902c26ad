/**
 * The command that signals every process of a container but its first and the outer shell, so that both survive
 * whatever the script's processes do about it. The kernel spares process 1 and the sender by itself; where the outer
 * shell is another one (an entrypoint stays in front of it), the others are named one by one.
 */
export function interruptCommand(
  signal: 'TERM' | 'KILL',
  outerPid: number,
  keptPids: readonly number[] = [],
): readonly string[] {
  if (outerPid === 1 && keptPids.length === 0) return ['sh', '-c', `kill -${signal} -1`];
  const spared = [...new Set([1, outerPid, ...keptPids])].join('|');
  return [
    'sh',
    '-c',
    `for p in /proc/[0-9]*; do p=\${p#/proc/}; case $p in ${spared}|$$) ;; *) kill -${signal} "$p" 2>/dev/null;; esac; done`,
  ];
}
