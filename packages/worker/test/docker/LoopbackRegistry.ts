import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { DockerClient } from '../../src/execution/docker/DockerClient.ts';

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry on the loopback device with one image, the files of `busybox:latest`; counts what it is asked for. */
export class LoopbackRegistry implements AsyncDisposable {
  readonly #server: Server;
  readonly #client: DockerClient;
  /** The image's name. */
  readonly image: string;
  /** Paths asked for, in order. */
  readonly requests: string[] = [];

  private constructor(server: Server, client: DockerClient) {
    this.#server = server;
    this.#client = client;
    this.image = `127.0.0.1:${(server.address() as AddressInfo).port}/files:latest`;
  }

  static async start(client: DockerClient): Promise<LoopbackRegistry> {
    const id = await client.createContainer({ Image: 'busybox:latest' }, {});
    const tar = await client.getArchive(id, '/.');
    if (tar === null) throw new Error('busybox has no root directory');
    const files = await buffer(tar);
    await client.removeContainer(id);
    const layer = gzipSync(files, { level: 1 });
    const config = Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        os: 'linux',
        config: { Cmd: ['sh'] },
        rootfs: { type: 'layers', diff_ids: [digestOf(files)] },
      }),
    );
    const kind = 'application/vnd.docker';
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: `${kind}.distribution.manifest.v2+json`,
        config: { mediaType: `${kind}.container.image.v1+json`, size: config.length, digest: digestOf(config) },
        layers: [{ mediaType: `${kind}.image.rootfs.diff.tar.gzip`, size: layer.length, digest: digestOf(layer) }],
      }),
    );
    const blobs = new Map([config, layer, manifest].map((bytes) => [digestOf(bytes), bytes]));
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      registry.requests.push(path);
      if (path === '/v2/') response.end('{}');
      else {
        const last = path.split('/').at(-1) ?? '';
        const bytes = last === 'latest' ? manifest : blobs.get(last);
        if (bytes === undefined) response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
        else {
          const type = bytes === manifest ? `${kind}.distribution.manifest.v2+json` : 'application/octet-stream';
          response.setHeader('Content-Type', type);
          response.setHeader('Docker-Content-Digest', digestOf(bytes));
          response.setHeader('Content-Length', bytes.length);
          response.end(request.method === 'HEAD' ? undefined : bytes);
        }
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const registry = new LoopbackRegistry(server, client);
    return registry;
  }

  /** Answers nobody from here on. */
  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const path = `/v1.40/images/${encodeURIComponent(this.image)}?force=true`;
    const response = await this.#client.transport.send({ method: 'DELETE', path });
    response.body.resume();
    this.stop();
  }
}
