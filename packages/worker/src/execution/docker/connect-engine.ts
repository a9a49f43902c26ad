import { DockerClient } from './DockerClient.ts';
import { EngineTransport } from './EngineTransport.ts';
import { findEngineAddress, parseEngineAddress, processSurroundings } from './engine-address.ts';

/** A client of the engine at an address as in `DOCKER_HOST`; null = what the docker command would use. */
export function connectEngine(address: string | null): DockerClient {
  const surroundings = processSurroundings();
  const found = address === null ? findEngineAddress(surroundings) : parseEngineAddress(address, surroundings);
  return new DockerClient(new EngineTransport(found));
}
