import type { Migration } from './Migration.ts';
import { m0001 } from './m0001-executions.ts';

/** In the order in which they are made. */
export const migrations: readonly Migration[] = [m0001];
