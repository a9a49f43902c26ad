import type { z } from 'zod';

/** One form for both sides of the comparison: readonly all the way down, intersections merged. */
type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Plain<T[Key]> }
    : T;

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

type Differing<A, B> = {
  [Key in keyof A | keyof B]: Same<Pick<A, Key & keyof A>, Pick<B, Key & keyof B>> extends true ? never : Key;
}[keyof A | keyof B];

type Agreement<A, B> =
  Same<A, B> extends true ? unknown : { readonly 'this schema and its type differ in': Differing<A, B> };

/**
 * Ties a schema to the documented type of its contract: a field that one of them has and the other has not, or has
 * differently, does not compile. So each contract has one source, although it is written for readers and for machines.
 *
 *     export const stageExecutionSchema = contract<StageExecution>()(z.object({ ... }));
 */
export function contract<T>() {
  return <S extends z.ZodType>(schema: S & Agreement<Plain<z.output<S>>, Plain<T>>): S => schema;
}
