import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Passes connections on to a port of this machine, and cuts them when told. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections so far. */
  connections = 0;
  /** Cut each connection after so many bytes towards the client; 0 = never. */
  cutAfter = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.connections++;
      const server = connect(port, '127.0.0.1');
      let passed = 0;
      this.#keep(client);
      this.#keep(server);
      client.pipe(server);
      server.on('data', (bytes) => {
        passed += bytes.length;
        if (this.cutAfter > 0 && passed > this.cutAfter) client.destroy();
        else if (!client.write(bytes)) server.pause();
      });
      client.on('drain', () => server.resume());
      server.on('end', () => client.end());
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
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
