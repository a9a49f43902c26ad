import type { Result } from '@xx-pipeline/common';
import type {
  heartbeatAnswerSchema,
  heartbeatSchema,
  Problem,
  registeredWorkerSchema,
  registerWorkerSchema,
  workerSchema,
} from '@xx-pipeline/common/api';
import type { z } from 'zod';

/** Who the workers are and whether they live. */
export declare class WorkerRegistry {
  /** A worker says who it is; `conflict` while another process with its identity lives. */
  register(
    input: z.infer<typeof registerWorkerSchema>,
  ): Promise<Result<z.infer<typeof registeredWorkerSchema>, Problem>>;
  /** A sign of life: renews leases, tells what to cancel and what is lost. */
  heartbeat(input: z.infer<typeof heartbeatSchema>): Promise<Result<z.infer<typeof heartbeatAnswerSchema>, Problem>>;
  /** A sign of life without leases (a poll). */
  seen(workerId: string, instanceId: string): Promise<Result<null, Problem>>;
  list(): Promise<z.infer<typeof workerSchema>[]>;
  /** Gives a worker no more jobs. */
  drain(workerId: string): Promise<Result<z.infer<typeof workerSchema>, Problem>>;
}
