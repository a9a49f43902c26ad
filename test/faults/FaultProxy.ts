import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Which answers never arrive: those to calls that fit, `times` times. */
export interface LostAnswers {
  readonly matches: (method: string, path: string) => boolean;
  times: number;
}

/** Stands between workers and a backend, and is bad at it when told so. */
export class FaultProxy implements AsyncDisposable {
  readonly #target: string;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: false });
  readonly #sockets = new Set<Socket>();
  readonly #lost: LostAnswers[] = [];
  readonly #held: (() => void)[] = [];
  #hold: { matches: LostAnswers['matches']; asked: () => void } | null = null;
  #mode: 'open' | 'cut' | 'silent' = 'open';
  /** Calls that were carried out while their answer got lost. */
  lost = 0;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, answer) => this.#forward(incoming, answer));
    this.#server.on('connection', (socket: Socket) => {
      if (this.#mode === 'cut') {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `cut`: connections break and new ones are refused. `silent`: nothing breaks, and nothing passes. */
  set mode(mode: 'open' | 'cut' | 'silent') {
    this.#mode = mode;
    // What hung in silence can never be answered in order again.
    for (const socket of this.#sockets) if (mode !== 'silent') socket.destroy();
  }

  /** The calls that fit are carried out, but the caller never learns it. */
  loseAnswers(matches: LostAnswers['matches'], times: number): LostAnswers {
    const entry = { matches, times };
    this.#lost.push(entry);
    return entry;
  }

  /** Calls that fit wait until `release`; resolves at the first of them. */
  hold(matches: LostAnswers['matches']): Promise<void> {
    return new Promise((resolve) => {
      this.#hold = { matches, asked: resolve };
    });
  }

  release(): void {
    this.#hold = null;
    for (const go of this.#held.splice(0)) go();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    if (this.#mode === 'silent') return;
    const { method = 'GET', url = '/', headers } = incoming;
    if (this.#hold?.matches(method, url)) {
      this.#hold.asked();
      this.#held.push(() => this.#forward(incoming, answer));
      return;
    }
    const entry = this.#lost.find((each) => each.times > 0 && each.matches(method, url));
    if (entry !== undefined) entry.times--;
    const call = request(`${this.#target}${url}`, { method, headers, agent: this.#agent }, (response) => {
      if (entry !== undefined) {
        response.resume();
        response.on('end', () => {
          this.lost++;
          answer.destroy();
        });
        return;
      }
      if (this.#mode === 'silent') return;
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.on('error', () => answer.destroy());
    });
    call.on('error', () => answer.destroy());
    answer.on('close', () => call.destroy());
    incoming.pipe(call);
  }
}
