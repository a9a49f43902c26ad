import { ExecutionBroken } from '../../execution/index.ts';

/** A job's files cannot be had. */
export class SourceUnavailable extends ExecutionBroken {}
