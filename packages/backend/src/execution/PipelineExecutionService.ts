import type { JobRequest, PipelineExecution, Report, Result } from '@xx-pipeline/common';
import type { createExecutionSchema, Problem } from '@xx-pipeline/common/api';
import type { z } from 'zod';
import type { ExecutionParts } from './execution-parts.ts';

/** A request to run a plan. */
export type CreateExecution = z.infer<typeof createExecutionSchema>;

/** The life of a run: created, canceled, retried, finalized. */
export class PipelineExecutionService {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /** Checks the plan and writes the run with its first stage's jobs pending, in one transaction; a repeated key gives the first one. */
  async createPipelineExecution(
    _input: CreateExecution,
    _idempotencyKey: string | null,
  ): Promise<Result<{ execution: PipelineExecution; isNew: boolean }, Problem>> {
    throw new Error(`not yet ${this.#parts.server.version}`);
  }

  /** The record. */
  async getExecution(_id: string): Promise<Result<PipelineExecution, Problem>> {
    throw new Error('not yet');
  }

  /** Cancels what has not started and asks workers to end what runs; a finished run stays as it is. */
  async cancelPipelineExecution(_id: string, _reason: string | undefined): Promise<Result<PipelineExecution, Problem>> {
    throw new Error('not yet');
  }

  /** Runs failed and canceled jobs again, and what was skipped because of them. */
  async retryPipelineExecution(_id: string): Promise<Result<PipelineExecution, Problem>> {
    throw new Error('not yet');
  }

  /** The requests of all jobs that have not run, in dependency order, for a worker that executes the run whole. */
  async executionRequests(_id: string): Promise<Result<JobRequest[], Problem>> {
    throw new Error('not yet');
  }

  /** The report as it stands. */
  async report(_id: string): Promise<Result<Report, Problem>> {
    throw new Error('not yet');
  }
}
