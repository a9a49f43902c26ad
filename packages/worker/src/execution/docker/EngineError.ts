import { text } from 'node:stream/consumers';
import { ExecutionBroken } from '../errors.ts';
import type { EngineRequest, EngineResponse } from './EngineTransport.ts';

/** The engine refused a call. Whoever can tell why turns it into something that helps. */
export class EngineError extends ExecutionBroken {
  readonly status: number;
  /** The engine's own words. */
  readonly reason: string;

  constructor(status: number, reason: string, call: string) {
    super(`the Docker engine refused ${call}: ${reason}`);
    this.status = status;
    this.reason = reason;
  }

  /** Reads the engine's answer. */
  static async from(request: Pick<EngineRequest, 'method' | 'path'>, response: EngineResponse): Promise<EngineError> {
    const body = await text(response.body).catch(() => '');
    return new EngineError(
      response.status,
      messageOf(body) ?? `status ${response.status}`,
      `${request.method} ${request.path.split('?')[0]}`,
    );
  }
}

function messageOf(body: string): string | null {
  try {
    const message = (JSON.parse(body) as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message.trim() : null;
  } catch {
    return body.trim() === '' ? null : body.trim().slice(0, 500);
  }
}
