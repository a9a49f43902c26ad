/** What `scriptText` wrote, read back. */
export interface ReadScript {
  readonly variables: ReadonlyMap<string, string>;
  readonly commands: readonly string[];
}

const word = "'((?:[^']|'\\\\'')*)'";

/** Variables and commands of a program made by `scriptText`; knows that form and no other. */
export function readScriptText(text: string): ReadScript {
  const unquote = (quoted: string) => quoted.replaceAll("'\\''", "'");
  const exports = text.matchAll(new RegExp(`^export ([A-Za-z_][A-Za-z0-9_]*)=${word}$`, 'gm'));
  const commands = text.matchAll(new RegExp(`^eval "\\$xx_trace"${word}$`, 'gm'));
  return {
    variables: new Map([...exports].map(([, name, value]) => [name as string, unquote(value as string)])),
    commands: [...commands].map(([, command]) => unquote(command as string).replace(/\n\n\{ :; \} 2>\/dev\/null$/, '')),
  };
}
