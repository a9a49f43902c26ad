/** The outcome of something a user can cause to fail. Exceptions are kept for bugs and broken machinery. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A successful result. */
export const success = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** A failed result. */
export const failure = <E>(error: E): Result<never, E> => ({ ok: false, error });
