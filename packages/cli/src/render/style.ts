import { styleText } from 'node:util';

/** What a text is drawn for: a renderer knows nothing else of the terminal. */
export interface TextStyle {
  readonly color: boolean;
  /** Width to fit tables into. */
  readonly columns: number;
}

/** The colours and weights in use. */
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

/** Colours a text when colour is wanted; never the only carrier of a meaning. */
export function paint(style: Pick<TextStyle, 'color'>, format: Paint, text: string): string {
  return style.color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
}
