import { ExecutionBroken } from '../errors.ts';

/** The engine is unreachable, or it broke the connection: it does not run, or it is being restarted. */
export class EngineUnreachable extends ExecutionBroken {}
