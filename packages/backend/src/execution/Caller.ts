/** Who speaks. The HTTP layer has checked tokens of people and workers; an attempt's token is checked by the services. */
export type Caller =
  | { readonly kind: 'person' }
  | { readonly kind: 'worker' }
  /** The bearer is the fencing token of an attempt (`xxj_…`); it stands for itself. */
  | { readonly kind: 'attempt'; readonly token: string };
