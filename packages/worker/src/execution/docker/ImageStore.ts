import { type Clock, type ImagePlan, orAborted, type PullPolicy } from '@xx-pipeline/common';
import { ImageUnavailable } from '../errors.ts';
import type { PrepareObserver } from '../JobExecutor.ts';
import type { DockerClient } from './DockerClient.ts';
import { explainPullFailure } from './explain-pull-failure.ts';
import { parseImageReference } from './image-reference.ts';
import { registryAuth } from './registry-auth.ts';

interface Pull {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  readonly observers: Set<PrepareObserver>;
  waiting: number;
}

/** Sees to it that images are present: one pull for each, however many jobs wait for it. */
export class ImageStore {
  readonly #client: DockerClient;
  readonly #clock: Clock;
  /** Images whose presence has been asked for or told. */
  readonly #present = new Map<string, Promise<boolean>>();
  /** Pulls under way, and done for a run: all jobs of a run see the same image. */
  readonly #pulls = new Map<string, Pull>();
  readonly #pulledFor = new Set<string>();

  constructor(client: DockerClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Resolves when the image is present. Throws `ImageUnavailable` after the last policy has failed.
   * An image that may just be there is not asked for: `assumed` then, and if it is not, `absent` and once more.
   */
  async ensure(
    image: ImagePlan,
    runId: string,
    observer: PrepareObserver,
    signal: AbortSignal,
  ): Promise<'present' | 'assumed'> {
    const policies: readonly PullPolicy[] = image.pullPolicy?.length ? image.pullPolicy : ['if-not-present'];
    if (policies[0] !== 'always' && image.platform === undefined && !this.#present.has(keyOf(image))) return 'assumed';
    let failure: unknown;
    for (const policy of policies) {
      try {
        await this.#follow(policy, image, runId, observer, signal);
        return 'present';
      } catch (error) {
        if (!(error instanceof ImageUnavailable)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  /** The engine has said that it does not have the image. */
  absent(image: ImagePlan): void {
    this.#present.set(keyOf(image), Promise.resolve(false));
  }

  async #follow(
    policy: PullPolicy,
    image: ImagePlan,
    runId: string,
    observer: PrepareObserver,
    signal: AbortSignal,
  ): Promise<void> {
    switch (policy) {
      case 'always':
        if (this.#pulledFor.has(`${runId} ${keyOf(image)}`)) observer.pulled(image.name, 0);
        else await this.#pull(image, runId, observer, signal);
        return;
      case 'if-not-present':
        if (await this.#isPresent(image)) observer.pulled(image.name, 0);
        else await this.#pull(image, runId, observer, signal);
        return;
      case 'never':
        if (!(await this.#isPresent(image))) throw await this.#notPresent(image);
        observer.pulled(image.name, 0);
    }
  }

  #isPresent(image: ImagePlan): Promise<boolean> {
    const key = keyOf(image);
    let known = this.#present.get(key);
    if (known === undefined) {
      known = this.#look(image);
      this.#present.set(key, known);
      known.catch(() => this.#present.delete(key));
    }
    return known;
  }

  async #look(image: ImagePlan): Promise<boolean> {
    const details = await this.#client.inspectImage(image.name);
    if (details === null) return false;
    const [os, architecture] = image.platform?.split('/') ?? [];
    return (
      (os === undefined || os === details.Os) && (architecture === undefined || architecture === details.Architecture)
    );
  }

  async #notPresent(image: ImagePlan): Promise<ImageUnavailable> {
    const names = await this.#client.listImageNames().catch(() => []);
    const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
    return new ImageUnavailable(image.name, `image ${image.name} is not present and its pull policy is "never"`, {
      help: names.length === 0 ? 'no image is present; pull it first' : `present are: ${shown}`,
    });
  }

  async #pull(image: ImagePlan, runId: string, observer: PrepareObserver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const key = keyOf(image);
    const since = this.#clock.now();
    let pull = this.#pulls.get(key);
    if (pull === undefined) {
      pull = this.#begin(image, key);
      this.#pulls.set(key, pull);
    }
    pull.observers.add(observer);
    pull.waiting += 1;
    observer.pulling(image.name, 0, 0);
    try {
      await orAborted(pull.done, signal);
    } finally {
      pull.observers.delete(observer);
      pull.waiting -= 1;
      if (pull.waiting === 0) pull.controller.abort();
    }
    this.#pulledFor.add(`${runId} ${key}`);
    observer.pulled(image.name, this.#clock.now() - since);
  }

  #begin(image: ImagePlan, key: string): Pull {
    const controller = new AbortController();
    const observers = new Set<PrepareObserver>();
    const done = this.#run(image, observers, controller.signal)
      .then(() => {
        this.#present.set(key, Promise.resolve(true));
      })
      .finally(() => this.#pulls.delete(key));
    done.catch(() => {});
    return { done, controller, observers, waiting: 0 };
  }

  async #run(image: ImagePlan, observers: ReadonlySet<PrepareObserver>, signal: AbortSignal): Promise<void> {
    const reference = parseImageReference(image.name);
    const layers = new Map<string, { current: number; total: number }>();
    try {
      const query = { tag: reference.version, platform: image.platform };
      const auth = await registryAuth(reference.registry);
      for await (const line of this.#client.pullImage(reference.name, query, auth, signal)) {
        if (line.error !== undefined) throw new Error(line.error);
        const { current, total } = line.progressDetail ?? {};
        if (line.status !== 'Downloading' || line.id === undefined || current === undefined) continue;
        layers.set(line.id, { current, total: total ?? 0 });
        const all = [...layers.values()];
        const sum = all.reduce((sofar, layer) => sofar + layer.current, 0);
        const whole = all.reduce((sofar, layer) => sofar + layer.total, 0);
        for (const observer of observers) observer.pulling(image.name, sum, whole);
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const names = await this.#client.listImageNames();
      throw explainPullFailure(image.name, error, names);
    }
  }
}

const keyOf = (image: ImagePlan): string => `${image.platform ?? ''} ${image.name}`;
