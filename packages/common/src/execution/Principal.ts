/** The roles that a long-lived token can have. */
export const tokenRoles = ['person', 'worker'] as const;

/** One of the roles. */
export type TokenRole = (typeof tokenRoles)[number];

/** The caller behind a change of records. A closed union: a project or a forge becomes another kind. */
export type Principal =
  /** The holder of a long-lived token, by the token's name; `local` for runs without a server. */
  | { readonly kind: TokenRole; readonly name: string }
  /** A worker on behalf of an attempt, by the attempt's token. */
  | { readonly kind: 'job'; readonly jobId: string; readonly attempt: number };

/** The person who runs pipelines without a server. */
export const localPrincipal: Principal = { kind: 'person', name: 'local' };

/** The name of a principal, as it stands in messages: `canceled by alice`. */
export function principalName(principal: Principal): string {
  switch (principal.kind) {
    case 'person':
      return principal.name;
    case 'worker':
      return `worker ${principal.name}`;
    case 'job':
      return `attempt ${principal.attempt} of job ${principal.jobId}`;
  }
}

/** Something that a caller did with a run or a job. */
export interface CallerAction {
  /** Null if a version stored it that did not record callers. */
  readonly by: Principal | null;
  readonly at: string;
}
