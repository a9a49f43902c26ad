import type { Command } from '../commands/Command.ts';

/** The verbs in the order of `xx --help`; each is loaded only when it is asked for. */
export const commandLoaders: Readonly<Record<string, () => Promise<Command>>> = {
  check: async () => (await import('../commands/check.ts')).checkCommand,
  'dry-run': async () => (await import('../commands/dry-run.ts')).dryRunCommand,
  run: async () => (await import('../commands/run.ts')).runCommand,
  report: async () => (await import('../commands/report.ts')).reportCommand,
  status: async () => (await import('../commands/status.ts')).statusCommand,
  logs: async () => (await import('../commands/logs.ts')).logsCommand,
  cancel: async () => (await import('../commands/cancel.ts')).cancelCommand,
  retry: async () => (await import('../commands/retry.ts')).retryCommand,
  play: async () => (await import('../commands/play.ts')).playCommand,
  artifacts: async () => (await import('../commands/artifacts.ts')).artifactsCommand,
  workers: async () => (await import('../commands/workers.ts')).workersCommand,
  explain: async () => (await import('../commands/explain.ts')).explainCommand,
  graph: async () => (await import('../commands/graph.ts')).graphCommand,
  init: async () => (await import('../commands/init.ts')).initCommand,
  doctor: async () => (await import('../commands/doctor.ts')).doctorCommand,
  demo: async () => (await import('../commands/demo.ts')).demoCommand,
  server: async () => (await import('../commands/server.ts')).serverCommand,
  backend: async () => (await import('../commands/backend.ts')).backendCommand,
  worker: async () => (await import('../commands/worker.ts')).workerCommand,
  completion: async () => (await import('../commands/completion.ts')).completionCommand,
  schema: async () => (await import('../commands/schema.ts')).schemaCommand,
};

/** Loads every shown command, for help and completion. */
export async function loadAllCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(commandLoaders).map((load) => load()));
}
