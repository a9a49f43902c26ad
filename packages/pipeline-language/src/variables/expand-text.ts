/**
 * Expands a text once, as the shell's simplest form would: `$NAME` and `${NAME}` are replaced, `$$` becomes `$`, what is
 * undefined vanishes (also `$1`, `$*` and everything else in `${...}`), a `$` before anything else stays.
 */
export function expandText(text: string, lookUp: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text;
  return text.replaceAll(
    /\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z_]\w*))/g,
    (_whole, braced?: string, _open?: string, special?: string, plain?: string) => {
      const name = braced ?? special ?? plain ?? '';
      return name === '$' ? '$' : (lookUp(name) ?? '');
    },
  );
}
