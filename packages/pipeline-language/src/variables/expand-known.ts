/** How often values may refer to values: enough for people, an end for cycles. */
const maxDepth = 10;

/** Longest text that expansion may make. */
const maxLength = 10_000;

/** Replaces `$NAME`, `${NAME}` and `%NAME%` of known variables, nested ones too; leaves the rest as it is. */
export function expandKnown(text: string, variables: Readonly<Record<string, string>>): string {
  let current = text;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const next = current.replaceAll(/\$(\w+)|\$\{(\w+)\}|%(\w+)%/g, (whole, plain, braced, percent) => {
      const name: string = plain ?? braced ?? percent;
      return Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole;
    });
    if (next === current || next.length > maxLength) return current;
    current = next;
  }
  return current;
}
