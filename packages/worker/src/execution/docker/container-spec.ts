import { randomBytes } from 'node:crypto';
import type { ContainerSpec } from '../JobExecutor.ts';
import { workspacePath } from '../JobExecutor.ts';
import { bootstrapCommand } from '../shell/bootstrap.ts';
import { recoverableBootstrap, recoveryMount } from '../shell/recoverable-bootstrap.ts';
import type { CreateContainer, MountSpec } from './api-types.ts';
import { labelNames } from './label-names.ts';
import type { RecoveryDirectory } from './recovery/RecoveryDirectory.ts';
import type { Workspace } from './workspace/Workspace.ts';

/** Nothing is kept by the engine (output goes over the attached streams), and it removes what has ended by itself. */
const hostDefaults = { AutoRemove: true, LogConfig: { Type: 'none', Config: {} } } as const;
/** An engine that restarts removes what is to be removed at its end, even what it lets live on: we see to it ourselves. */
const outlivingDefaults = { ...hostDefaults, AutoRemove: false } as const;
/** An image's health check would run in the middle of the job. */
const noHealthcheck = { Test: ['NONE'] } as const;
/** Its input ends with our connection, so a waiting container ends when we do, however that comes. */
const ownInput = { AttachStdin: true, OpenStdin: true, StdinOnce: true, Tty: false } as const;

/** The container of a job: what `docker run` would make, but for the shell that waits in it. Holds nothing secret. */
export function jobContainer(
  spec: ContainerSpec,
  ownerId: string,
  workspace: Workspace,
  network: string | undefined,
  recovery: RecoveryDirectory | null,
): CreateContainer {
  const { image } = spec;
  const mounts: MountSpec[] = workspace.mount === null ? [] : [workspace.mount];
  if (recovery !== null) mounts.push({ Type: 'bind', Source: recovery.io, Target: recoveryMount });
  return {
    Image: image.name,
    Cmd: recovery === null ? bootstrapCommand : recoverableBootstrap,
    ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
    ...(image.user === undefined ? {} : { User: image.user }),
    // Files of the checkout belong to whoever runs us; git in the container would refuse to look at them.
    Env: ['GIT_CONFIG_COUNT=1', 'GIT_CONFIG_KEY_0=safe.directory', 'GIT_CONFIG_VALUE_0=*'],
    WorkingDir: workspacePath,
    Labels: {
      [labelNames.owner]: ownerId,
      [labelNames.run]: spec.runId,
      [labelNames.job]: spec.jobId,
      [labelNames.attempt]: String(spec.attempt),
    },
    ...ownInput,
    // Whoever comes after us can attach again.
    StdinOnce: recovery === null,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: noHealthcheck,
    HostConfig: {
      ...(recovery === null ? hostDefaults : outlivingDefaults),
      ...(network === undefined ? {} : { NetworkMode: network }),
      ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    },
  };
}

/** A container that holds a network and waits until its input ends. */
export function sandboxContainer(image: string, ownerId: string, endsWithUs = true): CreateContainer {
  return {
    Image: image,
    Entrypoint: ['sh', '-c', 'read _ || :'],
    Cmd: [],
    Labels: { [labelNames.owner]: ownerId },
    ...ownInput,
    StdinOnce: endsWithUs,
    Healthcheck: noHealthcheck,
    HostConfig: endsWithUs ? hostDefaults : outlivingDefaults,
  };
}

/** A container that removes entries of a directory of this machine as root. */
export function removalContainer(
  image: string,
  ownerId: string,
  directory: string,
  names: readonly string[],
): CreateContainer {
  return {
    Image: image,
    Entrypoint: ['sh', '-c', 'cd /leftovers && rm -rf -- "$@"', 'sh'],
    Cmd: names,
    User: '0',
    Labels: { [labelNames.owner]: ownerId },
    Healthcheck: noHealthcheck,
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'none', Config: {} },
      Mounts: [{ Type: 'bind', Source: directory, Target: '/leftovers' }],
    },
  };
}

/** A name that tells a person who looks at the engine what it is for. */
export const containerName = (what: string): string =>
  `xx-${what.replaceAll(/[^a-zA-Z0-9_.-]+/g, '-').slice(0, 40)}-${randomBytes(4).toString('hex')}`;
