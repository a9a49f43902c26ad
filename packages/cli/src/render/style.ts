import { styleText } from 'node:util';

/** The properties of a terminal that a text depends on. */
export interface TextStyle {
  readonly color: boolean;
  /** Width to fit tables into. */
  readonly columns: number;
}

/** The colors and weights in use. */
export type Paint =
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'magenta'
  | 'cyan'
  | 'redBright'
  | 'greenBright'
  | 'yellowBright'
  | 'blueBright'
  | 'magentaBright'
  | 'cyanBright'
  | 'gray'
  | 'bold';

/** Colors a text if color is enabled. Color must never be the only carrier of a meaning. */
export function paint(style: Pick<TextStyle, 'color'>, format: Paint, text: string): string {
  return style.color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
}
