// The parts of the Engine API (1.40 and later) that are used, as the engine spells them.

/** A mount of a container. */
export interface MountSpec {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  /** Absent for a volume: an anonymous one, which goes with its container. */
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly DriverConfig?: { readonly Name: string; readonly Options: Readonly<Record<string, string>> };
  };
}

/** What `POST /containers/create` takes. */
export interface CreateContainer {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly Tty?: boolean;
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly StopTimeout?: number;
  readonly HostConfig?: {
    readonly AutoRemove?: boolean;
    readonly NetworkMode?: string;
    readonly Mounts?: readonly MountSpec[];
    readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  };
}

/** What `GET /containers/{id}/json` tells. */
export interface ContainerDetails {
  readonly Id: string;
  readonly State: {
    /** Also of one that is paused. */
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly Error: string;
    readonly Pid: number;
  };
  readonly HostConfig?: {
    /** Bytes; 0 = no limit. */
    readonly Memory?: number;
  };
}

/** One row of `GET /containers/json`. */
export interface ContainerSummary {
  readonly Id: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** One row of `GET /networks`. */
export interface NetworkSummary {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** One row of `GET /volumes`. */
export interface VolumeSummary {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** What `GET /images/{name}/json` tells. */
export interface ImageDetails {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Architecture: string;
  readonly Os: string;
}

/** One line of a pull's progress. */
export interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** Container exit as `POST /containers/{id}/wait` tells it. */
export interface WaitResult {
  readonly StatusCode: number;
  readonly Error?: { readonly Message: string } | null;
}
