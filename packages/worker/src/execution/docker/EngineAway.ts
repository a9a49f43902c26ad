import { ExecutionBroken } from '../errors.ts';

/** No engine answers, or it broke the connection: it is not there, or it is being restarted. */
export class EngineAway extends ExecutionBroken {}
