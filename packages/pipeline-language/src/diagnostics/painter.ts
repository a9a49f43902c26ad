/** Colours by meaning. */
export interface Painter {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly gutter: (text: string) => string;
}

const plain = (text: string): string => text;
const style = (code: string) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;

/** Colours, or none. */
export const painter = (color: boolean): Painter =>
  color
    ? { error: style('1;31'), warning: style('1;33'), strong: style('1'), gutter: style('34') }
    : { error: plain, warning: plain, strong: plain, gutter: plain };
