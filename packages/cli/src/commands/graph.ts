import { ExitCode } from '../io/exit-codes.ts';
import { contextOptions, fileOption, outputOption, textOption } from '../io/options.ts';
import type { Command } from './Command.ts';

/** `xx graph`. */
export const graphCommand: Command = {
  name: 'graph',
  summary: 'Draw the pipeline: Mermaid for Markdown, dot for Graphviz',
  options: [fileOption, outputOption('mermaid', 'dot', 'json'), ...contextOptions],
  examples: [
    { command: 'xx graph', explains: 'a Mermaid chart to paste into Markdown' },
    { command: 'xx graph -o dot | dot -Tsvg > pipeline.svg', explains: 'a picture, drawn by Graphviz' },
  ],
  async run(input, io) {
    const { loadPlan, printNotCreated } = await import('../run/load-plan.ts');
    const loaded = await loadPlan(input, io);
    if (!loaded.created) {
      return await printNotCreated(loaded.reason, textOption(input, 'output'), io);
    }
    const { graphData, renderDot, renderMermaid } = await import('../render/mermaid.ts');
    switch (textOption(input, 'output')) {
      case 'dot':
        io.stdout.write(renderDot(loaded.plan));
        break;
      case 'json':
        io.stdout.write(`${JSON.stringify(graphData(loaded.plan), null, 2)}\n`);
        break;
      default:
        io.stdout.write(renderMermaid(loaded.plan));
    }
    return ExitCode.success;
  },
};
