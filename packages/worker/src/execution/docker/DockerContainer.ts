import { ExecutionBroken } from '../errors.ts';
import type { JobContainer, OutputSink, ScriptExit, ShellScript } from '../JobExecutor.ts';
import { workspacePath } from '../JobExecutor.ts';
import type { AttachedContainer } from './AttachedContainer.ts';
import type { DockerClient } from './DockerClient.ts';
import type { EngineOutages } from './EngineOutages.ts';
import { interruptCommand } from './interrupt-command.ts';
import type { SandboxLease } from './NetworkSandboxes.ts';
import { prefixTar } from './prefix-tar.ts';
import type { RecoveryDirectory } from './recovery/RecoveryDirectory.ts';
import type { Workspace } from './workspace/Workspace.ts';

/** How long an engine may take to tell that memory was the reason. */
const oomEventMs = 300;

/** The containers made for a job, and what belongs to them alone. */
export interface MadeContainer {
  /** The one in which its script runs. */
  readonly live: AttachedContainer;
  /** Ids of others that it needs; paused, resumed and removed with it. */
  readonly others: readonly string[];
  readonly workspace: Workspace;
  /** null: it has a network of its own. */
  readonly lease: SandboxLease | null;
  /** null: it ends with this process. */
  readonly recovery: RecoveryDirectory | null;
  /** The container whose network it has had since an earlier process; goes with it. */
  readonly sandboxId?: string | null;
}

/** What a container needs of its executor. */
export interface ContainerSurroundings {
  readonly client: DockerClient;
  readonly outages: EngineOutages;
  /** Makes the same container again with a network that is free now. */
  remake(): Promise<MadeContainer>;
  /** Removes all of it; resolves when no process of it lives, the rest goes on in the background. */
  remove(made: MadeContainer): Promise<void>;
}

/** A job's container on a Docker engine. */
export class DockerContainer implements JobContainer {
  readonly #surroundings: ContainerSurroundings;
  #made: MadeContainer;
  #turn: Promise<void> | null = null;
  #removal: Promise<void> | null = null;
  #killed = false;
  /** While a script runs or waits to run: resolves when it is given to its shell. */
  #given: Promise<void> | null = null;
  /** Interrupts under way: the next script must not meet them. */
  readonly #interrupts = new Set<Promise<void>>();

  constructor(surroundings: ContainerSurroundings, made: MadeContainer) {
    this.#surroundings = surroundings;
    this.#made = made;
  }

  async putFiles(tar: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#takeTurn();
    await this.#surroundings.client.putArchive(this.#made.live.id, workspacePath, tar);
  }

  async run(script: ShellScript, output: OutputSink): Promise<ScriptExit> {
    const earlier = [...this.#interrupts];
    this.#given = Promise.all(earlier).then(() => this.#takeTurn());
    this.#killed = false;
    try {
      await this.#given;
      const exitCode = await this.#runScript(script, output);
      // 137 = killed; by us, by itself, or by the kernel for its memory, which only the engine knows.
      const shortOf = exitCode === 137 && !this.#killed ? await this.#lackOfMemory() : null;
      return { exitCode, outOfMemory: false, ...shortOf };
    } finally {
      this.#given = null;
    }
  }

  async #runScript(script: ShellScript, output: OutputSink): Promise<number> {
    try {
      return await this.#made.live.session.run(script, output);
    } catch (error) {
      // Its outermost shell too: the container ended with it.
      if (this.#made.live.session.outerPid !== null && (await this.#lackOfMemory(0)) !== null) return 137;
      throw await this.#explain(error);
    }
  }

  async interrupt(force: boolean): Promise<void> {
    if (this.#given === null) return;
    const interrupt = this.#interrupt(this.#given, force).finally(() => this.#interrupts.delete(interrupt));
    this.#interrupts.add(interrupt);
    await interrupt;
  }

  async #interrupt(given: Promise<void>, force: boolean): Promise<void> {
    // Where that fails, `run` tells.
    await given.catch(() => {});
    const { session } = this.#made.live;
    if (!session.isRunning || this.#removal !== null) return;
    if (force) this.#killed = true;
    const { begun } = session;
    // Before the outer shell's hello nothing of the script lives, only what an entrypoint began.
    if (force || session.outerPid !== null) await this.#signal(force);
    // A signal that came before the script's shell has met nobody: sent again as soon as there is one.
    if (begun !== null && (await begun)) await this.#signal(force);
  }

  async #signal(force: boolean): Promise<void> {
    const { session, id } = this.#made.live;
    if (!session.isRunning || this.#removal !== null) return;
    const signal = force ? 'KILL' : 'TERM';
    const { client } = this.#surroundings;
    if (session.outerPid !== null) {
      try {
        const command = interruptCommand(signal, session.outerPid, session.keptPids);
        const code = await client.exec(id, command, '0', { deadline: 10_000 });
        // 126 and 127: no shell to run it with (any more).
        if (code !== 126 && code !== 127) return;
      } catch {
        // Tried in another way below.
      }
      if (!session.isRunning) return;
    }
    await client.killContainer(id, signal, { deadline: 10_000 }).catch(() => {});
  }

  async pause(): Promise<void> {
    const { client } = this.#surroundings;
    if (this.#removal === null) await this.#each((id) => client.pauseContainer(id, { deadline: 10_000 }));
  }

  async unpause(): Promise<void> {
    if (this.#removal === null) await this.#each((id) => this.#surroundings.client.unpauseContainer(id));
  }

  async #each(act: (id: string) => Promise<void>): Promise<void> {
    const { live, others } = this.#made;
    await Promise.all([live.id, ...others].map(act));
  }

  async getFiles(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    const clean = path.replace(/\/+$/, '').replace(/^(\.\/)+/, '') || '.';
    const whole = clean === '.' ? `${workspacePath}/.` : `${workspacePath}/${clean}`;
    const { client, outages } = this.#surroundings;
    const tar = await outages.retry(() => client.getArchive(this.#made.live.id, whole));
    if (tar === null) return null;
    const slash = clean.lastIndexOf('/');
    return slash < 0 ? tar : prefixTar(tar, clean.slice(0, slash));
  }

  listFiles(under: string): Promise<readonly string[] | null> {
    return this.#made.workspace.list(under);
  }

  remove(): Promise<void> {
    this.#removal ??= this.#surroundings.remove(this.#made).catch(() => {});
    return this.#removal;
  }

  /** Waits until the network it shares is its alone; where that cannot be told, it is made again with one that is free. */
  #takeTurn(): Promise<void> {
    this.#turn ??= (async () => {
      const { lease } = this.#made;
      const before = lease?.before ?? [];
      if (before.some((other) => !other.isEnding)) {
        // First the old one goes: at no time has an attempt two containers.
        await this.#surroundings.remove(this.#made);
        this.#made = await this.#surroundings.remake();
        return;
      }
      await Promise.all(before.map((other) => other.dead));
    })();
    return this.#turn;
  }

  /** How its memory was too little; null when that was not its trouble. */
  async #lackOfMemory(ms = oomEventMs): Promise<Pick<ScriptExit, 'outOfMemory' | 'memoryLimit'> | null> {
    const { client } = this.#surroundings;
    const { id } = this.#made.live;
    try {
      const details = await client.inspectContainer(id);
      // Engines of some versions say it in a container's state only when all of it has ended; in an event always.
      if (details?.State.OOMKilled !== true && (ms === 0 || !(await client.sawOutOfMemory(id, ms)))) return null;
      const limit = details?.HostConfig?.Memory ?? 0;
      return { outOfMemory: true, ...(limit > 0 ? { memoryLimit: limit } : {}) };
    } catch {
      return null;
    }
  }

  async #explain(error: unknown): Promise<unknown> {
    const { session } = this.#made.live;
    if (!(error instanceof ExecutionBroken)) return error;
    if (session.outerPid !== null) return (await this.#surroundings.outages.explainLoss(this.#made.live.id)) ?? error;
    const said = session.earlyOutput.slice(-500);
    return new ExecutionBroken(`the job's container ended without starting a shell${said === '' ? '' : `: ${said}`}`, {
      help: "the image's entrypoint does not run the command it is given: set `entrypoint: ['']` under `image`",
      cause: error,
    });
  }
}
