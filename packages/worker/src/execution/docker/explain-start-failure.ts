import { ExecutionBroken, ImageUnavailable } from '../errors.ts';
import { EngineError } from './EngineError.ts';

/** Whether the engine could not mount a workspace in the way it was asked to. */
export function isMountFailure(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    /failed to mount local volume|error while mounting volume|error mounting|bind source path does not exist|invalid mount config|create mountpoint|driver_opts|overlay/i.test(
      error.reason,
    )
  );
}

/** Whether the container whose network should be shared is not there any more. */
export function isNetworkGone(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    /cannot join network of a non running container|joining network namespace|No such container/i.test(error.reason)
  );
}

/** Whether the image is not there any more. */
export function isImageGone(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404 && /no such image/i.test(error.reason);
}

/** Says why a container did not start, where the engine's words alone do not help. */
export function explainStartFailure(error: unknown, image: string): unknown {
  if (!(error instanceof EngineError)) return error;
  if (isImageGone(error)) return new ImageUnavailable(image, `image ${image} was removed from the engine meanwhile`);
  if (
    /executable file not found|no such file or directory|not a directory/.test(error.reason) &&
    /exec/.test(error.reason)
  ) {
    return new ExecutionBroken(`image ${image} cannot run scripts: ${lastPart(error.reason)}`, {
      help: 'a job needs an image with a shell (sh or bash); images made of a single program have none',
      cause: error,
    });
  }
  if (/no space left/.test(error.reason)) {
    return new ExecutionBroken(`the Docker engine's disk is full: ${error.reason}`, {
      help: '`docker system prune` frees space',
      cause: error,
    });
  }
  return error;
}

const lastPart = (reason: string): string => /exec: .*$/s.exec(reason)?.[0] ?? reason;
