import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Passes connections on to a port of this machine, and cuts them when told. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections so far. */
  connections = 0;
  /** Cut each connection after so many bytes towards the client; 0 = never. */
  cutAfter = 0;
  /** Let the request that begins like this through, and cut the connection instead of answering; once. */
  dropAnswerTo: RegExp | null = null;
  /** Answer requests that begin like this with a page of a gateway instead of passing them on. */
  answerInstead: { readonly to: RegExp; readonly status: string } | null = null;
  /** Requests answered so. */
  answeredInstead = 0;
  /** Answers dropped. */
  dropped = 0;
  /** Method and path of the requests so far. */
  readonly requests: string[] = [];
  /** Bytes from clients. */
  received = 0;
  /** Bytes towards clients. */
  passed = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.connections++;
      const server = connect(port, '127.0.0.1');
      let passed = 0;
      this.#keep(client);
      this.#keep(server);
      let drop = false;
      client.on('data', (bytes) => {
        const head = bytes.toString('latin1', 0, 500);
        const [, request] = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
        if (request !== undefined) this.requests.push(request);
        if (this.dropAnswerTo?.test(head)) drop = true;
        this.received += bytes.length;
        if (this.answerInstead?.to.test(head)) {
          this.answeredInstead++;
          client.end(gatewayAnswer(this.answerInstead.status));
          server.destroy();
          return;
        }
        server.write(bytes);
      });
      client.on('end', () => server.end());
      server.on('data', (bytes) => {
        passed += bytes.length;
        this.passed += bytes.length;
        if (drop) {
          this.dropAnswerTo = null;
          this.dropped++;
          client.destroy();
        } else if (this.cutAfter > 0 && passed >= this.cutAfter) {
          client.end(bytes.subarray(0, this.cutAfter - (passed - bytes.length)));
          server.destroy();
        } else if (!client.write(bytes)) server.pause();
      });
      client.on('drain', () => server.resume());
      server.on('end', () => client.end());
      client.on('close', () => server.destroy());
      server.on('close', () => client.end());
    });
  }

  static async start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function gatewayAnswer(status: string): string {
  const page = `<html><title>${status}</title></html>`;
  return `HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\nconnection: close\r\n\r\n${page}`;
}
