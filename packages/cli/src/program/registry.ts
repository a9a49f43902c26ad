import type { Command } from '../commands/Command.ts';

/** The verbs in the order of `xx --help`; each is loaded only when it is asked for. */
export const commandLoaders: Readonly<Record<string, () => Promise<Command>>> = {
  check: async () => (await import('../commands/check.ts')).checkCommand,
  'dry-run': async () => (await import('../commands/dry-run.ts')).dryRunCommand,
  run: async () => (await import('../commands/run.ts')).runCommand,
  report: async () => (await import('../commands/report.ts')).reportCommand,
  explain: async () => (await import('../commands/explain.ts')).explainCommand,
  graph: async () => (await import('../commands/graph.ts')).graphCommand,
  init: async () => (await import('../commands/init.ts')).initCommand,
  doctor: async () => (await import('../commands/doctor.ts')).doctorCommand,
  demo: async () => (await import('../commands/demo.ts')).demoCommand,
  completion: async () => (await import('../commands/completion.ts')).completionCommand,
  schema: async () => (await import('../commands/schema.ts')).schemaCommand,
};

/** Loads every shown command, for help and completion. */
export async function loadAllCommands(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(commandLoaders).map((load) => load()));
}
