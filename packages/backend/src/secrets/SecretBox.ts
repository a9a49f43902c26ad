import type { Result } from '@xx-pipeline/common';

/** Encrypts what must not lie in the database in clear. Synchronous and without effects, so that decisions may use it. */
export interface SecretBox {
  /** The text encrypted; `context` must be the same when it is decrypted. */
  seal(text: string, context: string): string;
  /** The text again; a failure when the key or the context is another one, or it was changed. */
  open(sealed: string, context: string): Result<string, { readonly message: string }>;
}
