import type { workerSchema } from '@xx-pipeline/common/api';
import { visible } from '../render/ansi.ts';
import { paint, type TextStyle } from '../render/style.ts';
import { renderTable } from '../render/table.ts';

/** A worker as the API describes it. */
export type WorkerInfo = ReturnType<(typeof workerSchema)['parse']>;

const states = {
  online: { sign: '✓', paint: 'green' },
  draining: { sign: '◌', paint: 'yellow' },
  lost: { sign: '✗', paint: 'red' },
} as const;

/** The workers, one line each. */
export function renderWorkers(workers: readonly WorkerInfo[], style: TextStyle): string {
  if (workers.length === 0) return 'no workers; xx worker starts one\n';
  const columns = [
    { title: '  state' },
    { title: 'name', shrink: true },
    { title: 'busy', right: true },
    { title: 'labels', shrink: true },
    { title: 'version' },
    { title: 'last seen' },
    { title: 'address', free: true },
  ];
  const rows = workers.map((worker) => [
    `${states[worker.state].sign} ${worker.state}`,
    visible(worker.name),
    `${worker.busy}/${worker.slots}`,
    worker.labels.map(visible).join(', '),
    visible(worker.version),
    `${visible(worker.lastSeenAt.slice(0, 19).replace('T', ' '))}Z`,
    worker.url === null ? 'polls' : visible(worker.url),
  ]);
  const [head = '', ...lines] = renderTable(columns, rows, style.columns);
  const painted = lines.map((line, index) => {
    const state = workers[index]?.state ?? 'lost';
    const label = `${states[state].sign} ${state}`;
    return paint(style, states[state].paint, label) + line.slice(label.length);
  });
  return `${[paint(style, 'gray', head), ...painted].join('\n')}\n`;
}
