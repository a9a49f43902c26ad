import type { Migration } from './Migration.ts';
import { m0001 } from './m0001-executions.ts';
import { m0002 } from './m0002-contents.ts';
import { m0003 } from './m0003-workers.ts';

/** In the order in which they are made. */
export const migrations: readonly Migration[] = [m0001, m0002, m0003];
