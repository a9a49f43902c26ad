import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ExecutionBroken } from '../errors.ts';
import type {
  ContainerDetails,
  ContainerSummary,
  CreateContainer,
  ImageDetails,
  NetworkSummary,
  PullLine,
  VolumeSummary,
  WaitResult,
} from './api-types.ts';
import { EngineError } from './EngineError.ts';
import type { EngineRequest, EngineResponse, EngineTransport, HijackedStream } from './EngineTransport.ts';
import { readJsonLines } from './read-json-lines.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type CallOptions = { readonly signal?: AbortSignal | undefined; readonly deadline?: number };

/** Milliseconds a call may take that has nothing to wait for. */
const quickly = 60_000;
/** Newest version of the API this is written for, and the one that engines too new for `oldest` are asked with. */
const oldest = '1.40';
const newest = '1.44';

/** The calls of the Docker Engine API that are used; one attempt each. Answers other than success throw `EngineError`. */
export class DockerClient {
  readonly #transport: EngineTransport;
  #version = oldest;

  constructor(transport: EngineTransport) {
    this.#transport = transport;
  }

  get transport(): EngineTransport {
    return this.#transport;
  }

  /** Asks whether an engine is there and settles the API version. */
  async ping(options: CallOptions = {}): Promise<{ apiVersion: string }> {
    const response = await this.#transport.send({ method: 'GET', path: '/_ping', ...limits(options, 10_000) });
    await text(response.body);
    const apiVersion = String(response.headers['api-version'] ?? oldest);
    if (response.status !== 200)
      throw new ExecutionBroken(`the Docker engine answered its ping with ${response.status}`);
    if (!isAtLeast(apiVersion, oldest)) {
      throw new ExecutionBroken(`the Docker engine is too old: it speaks API ${apiVersion}, ${oldest} is needed`, {
        help: 'use Docker 19.03 or later',
      });
    }
    this.#version = isAtLeast(apiVersion, newest) ? newest : oldest;
    return { apiVersion };
  }

  /** The image's details; null when the engine does not have it. */
  async inspectImage(name: string, options: CallOptions = {}): Promise<ImageDetails | null> {
    return await orNull(this.#json<ImageDetails>('GET', `/images/${encodeImage(name)}/json`, {}, options));
  }

  /** Names of all images present. */
  async listImageNames(options: CallOptions = {}): Promise<string[]> {
    const images = await this.#json<{ RepoTags: string[] | null }[]>('GET', '/images/json', {}, options);
    return images.flatMap((image) => image.RepoTags ?? []).filter((name) => name !== '<none>:<none>');
  }

  /** Pulls an image; yields the engine's progress until it is there. The engine reports failure in a line of its own. */
  async *pullImage(name: string, query: Query, auth: string | null, signal: AbortSignal): AsyncGenerator<PullLine> {
    const response = await this.#call(
      'POST',
      '/images/create',
      { fromImage: name, ...query },
      { signal },
      {
        headers: auth === null ? {} : { 'X-Registry-Auth': auth },
      },
    );
    yield* readJsonLines<PullLine>(response.body);
  }

  async createContainer(spec: CreateContainer, query: Query, options: CallOptions = {}): Promise<string> {
    const created = await this.#json<{ Id: string }>('POST', '/containers/create', query, options, {
      body: JSON.stringify(spec),
    });
    return created.Id;
  }

  startContainer(id: string, options: CallOptions = {}): Promise<void> {
    return this.#done('POST', `/containers/${id}/start`, {}, options);
  }

  /** Resolves when the container has stopped. */
  waitContainer(
    id: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    options: CallOptions = {},
  ): Promise<WaitResult> {
    return this.#json('POST', `/containers/${id}/wait`, { condition }, { deadline: 0, ...options });
  }

  killContainer(id: string, signal: 'TERM' | 'KILL', options: CallOptions = {}): Promise<void> {
    return this.#done('POST', `/containers/${id}/kill`, { signal }, options);
  }

  /** Freezes all processes of a container; nothing happens to one that is frozen already, has ended or is gone. */
  async pauseContainer(id: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.#done('POST', `/containers/${id}/pause`, {}, options);
    } catch (error) {
      // Said of one that does not run, too.
      if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 409)) throw error;
    }
  }

  /** Lets a frozen container go on; nothing happens to any other. */
  async unpauseContainer(id: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.#done('POST', `/containers/${id}/unpause`, {}, options);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      // Engines differ in what they answer where there is nothing to do.
      if ((await this.inspectContainer(id, options))?.State.Paused === true) throw error;
    }
  }

  /** Kills and removes a container with its anonymous volumes; resolves when it is gone, also if it already was. */
  async removeContainer(id: string, options: CallOptions = {}): Promise<void> {
    try {
      await this.#done('DELETE', `/containers/${id}`, { force: true, v: true }, options);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.status === 404) return;
      if (error.status !== 409) throw error;
      // Someone else is removing it already: the engine itself, after its end.
      await orNull(this.waitContainer(id, 'removed', { deadline: quickly, ...options }));
    }
  }

  /** The container's details; null when there is none. */
  inspectContainer(id: string, options: CallOptions = {}): Promise<ContainerDetails | null> {
    return orNull(this.#json<ContainerDetails>('GET', `/containers/${id}/json`, {}, options));
  }

  /** Whether the engine has told, or tells within some milliseconds, of processes of a container killed for its memory. */
  async sawOutOfMemory(id: string, ms: number): Promise<boolean> {
    const signal = AbortSignal.timeout(ms);
    const filters = JSON.stringify({ container: [id], event: ['oom'] });
    try {
      const { body } = await this.#call('GET', '/events', { since: 1, filters }, { deadline: 0, signal });
      signal.addEventListener('abort', () => body.destroy());
      for await (const _ of body) return true;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return false;
  }

  listContainers(label: string, options: CallOptions = {}): Promise<ContainerSummary[]> {
    return this.#json('GET', '/containers/json', { all: true, filters: JSON.stringify({ label: [label] }) }, options);
  }

  /** A tar stream of a path; null when nothing is there. Throws where there is no such container. */
  async getArchive(id: string, path: string, options: CallOptions = {}): Promise<Readable | null> {
    try {
      return (await this.#call('GET', `/containers/${id}/archive`, { path }, options)).body;
    } catch (error) {
      if (error instanceof EngineError && error.status === 404 && !/no such container:/i.test(error.reason))
        return null;
      throw error;
    }
  }

  /** Unpacks a tar stream into a directory of the container. */
  async putArchive(id: string, path: string, tar: AsyncIterable<Uint8Array>, options: CallOptions = {}): Promise<void> {
    const response = await this.#call(
      'PUT',
      `/containers/${id}/archive`,
      { path },
      { deadline: 0, ...options },
      { body: tar },
    );
    await text(response.body);
  }

  /** Connects to a container's streams. */
  attach(id: string, options: CallOptions = {}): Promise<HijackedStream> {
    return this.#hijack(`/containers/${id}/attach`, { stream: true, stdin: true, stdout: true, stderr: true }, options);
  }

  /** Runs a command in a running container to its end; resolves with its exit code. Its output is dropped. */
  async exec(id: string, command: readonly string[], user: string, options: CallOptions = {}): Promise<number | null> {
    const body = JSON.stringify({ Cmd: command, User: user, AttachStdout: true, AttachStderr: true });
    const exec = await this.#json<{ Id: string }>('POST', `/containers/${id}/exec`, {}, options, { body });
    const start = JSON.stringify({ Detach: false, Tty: false });
    const stream = await this.#hijack(`/exec/${exec.Id}/start`, {}, options, start);
    stream.socket.resume();
    await new Promise<void>((resolve) => stream.socket.once('close', resolve).once('error', () => resolve()));
    const state = await this.#json<{ ExitCode: number | null }>('GET', `/exec/${exec.Id}/json`, {}, options);
    return state.ExitCode;
  }

  listNetworks(label: string, options: CallOptions = {}): Promise<NetworkSummary[]> {
    return this.#json('GET', '/networks', { filters: JSON.stringify({ label: [label] }) }, options);
  }

  async removeNetwork(id: string, options: CallOptions = {}): Promise<void> {
    await orNull(this.#done('DELETE', `/networks/${id}`, {}, options));
  }

  async listVolumes(label: string, options: CallOptions = {}): Promise<VolumeSummary[]> {
    const query = { filters: JSON.stringify({ label: [label] }) };
    return (await this.#json<{ Volumes: VolumeSummary[] | null }>('GET', '/volumes', query, options)).Volumes ?? [];
  }

  async removeVolume(name: string, options: CallOptions = {}): Promise<void> {
    await orNull(this.#done('DELETE', `/volumes/${name}`, { force: true }, options));
  }

  async #done(method: EngineRequest['method'], path: string, query: Query, options: CallOptions): Promise<void> {
    const response = await this.#call(method, path, query, options);
    response.body.resume();
  }

  async #json<T>(
    method: EngineRequest['method'],
    path: string,
    query: Query,
    options: CallOptions,
    more: Partial<EngineRequest> = {},
  ): Promise<T> {
    const response = await this.#call(method, path, query, options, more);
    const body = await text(response.body);
    try {
      return JSON.parse(body) as T;
    } catch (error) {
      throw new ExecutionBroken(`the Docker engine's answer to ${method} ${path} is not JSON`, { cause: error });
    }
  }

  async #call(
    method: EngineRequest['method'],
    path: string,
    query: Query,
    options: CallOptions,
    more: Partial<EngineRequest> = {},
  ): Promise<EngineResponse> {
    const request = { method, path: this.#path(path, query), ...limits(options, quickly), ...more };
    const response = await this.#transport.send(request);
    if (response.status >= 200 && response.status <= 304) return response;
    throw await EngineError.from(request, response);
  }

  async #hijack(path: string, query: Query, options: CallOptions, body?: string): Promise<HijackedStream> {
    const request: EngineRequest = {
      method: 'POST',
      path: this.#path(path, query),
      ...limits(options, quickly),
      ...(body === undefined ? {} : { body }),
    };
    const answer = await this.#transport.hijack(request);
    if ('socket' in answer) return answer;
    throw await EngineError.from(request, answer);
  }

  #path(path: string, query: Query): string {
    const pairs = Object.entries(query).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
    );
    return `/v${this.#version}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
  }
}

function limits(options: CallOptions, standard: number): { signal?: AbortSignal; deadline?: number } {
  const deadline = options.deadline ?? standard;
  return {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(deadline === 0 ? {} : { deadline }),
  };
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
}

const encodeImage = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
