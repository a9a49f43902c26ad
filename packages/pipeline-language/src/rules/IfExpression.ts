import type { Pattern } from './compile-pattern.ts';

/** Operators that compare two values. */
export type ComparisonOperator = '==' | '!=' | '=~' | '!~';

/** A parsed `if:`, its patterns compiled: parse a text once, evaluate it often. */
export type IfExpression =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'string'; readonly value: string }
  /** `source` is RE2 with its flags in front: `(?i)^v\d+$`. */
  | { readonly kind: 'pattern'; readonly source: string; readonly pattern: Pattern }
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'not'; readonly operand: IfExpression }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: IfExpression;
      readonly right: IfExpression;
    }
  | { readonly kind: 'and' | 'or'; readonly left: IfExpression; readonly right: IfExpression };

/** What makes a text no expression, and where in it. */
export interface IfSyntaxError {
  readonly message: string;
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
}
