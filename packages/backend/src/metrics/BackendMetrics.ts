import type { Counter, Histogram, MetricsRegistry } from '@xx-pipeline/service';

const secondsBounds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counters that the backend raises as things happen. */
export interface BackendMetrics {
  readonly httpSeconds: Histogram;
  readonly logBytes: Counter;
  readonly errors: Counter;
}

/** Makes the counters of a backend. */
export function createBackendMetrics(registry: MetricsRegistry): BackendMetrics {
  return {
    httpSeconds: registry.histogram('xx_http_request_seconds', 'Time until an answer was sent.', secondsBounds),
    logBytes: registry.counter('xx_log_bytes_total', 'Bytes of job logs received.'),
    errors: registry.counter('xx_errors_total', 'Internal failures, by operation.'),
  };
}
