/** Names of label values, in a fixed order per metric. */
export type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Sample lines without the metric's help and type. */
  samples(): Promise<string[]> | string[];
}

/** A number that only grows. */
export interface Counter {
  add(amount: number, labels?: Labels): void;
}

/** A distribution. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Numbers about a process in the text format of Prometheus. */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();

  counter(name: string, help: string): Counter {
    const values = new Map<string, number>([]);
    this.#add(name, {
      type: 'counter',
      help,
      samples: () => [...values].map(([labels, value]) => `${name}${labels} ${value}`),
    });
    return {
      add: (amount, labels = {}) => {
        const key = labelText(labels);
        values.set(key, (values.get(key) ?? 0) + amount);
      },
    };
  }

  /** A number that is looked up when somebody asks. */
  gauge(name: string, help: string, read: () => Promise<Iterable<readonly [Labels, number]>>): void {
    this.#add(name, {
      type: 'gauge',
      help,
      samples: async () => [...(await read())].map(([labels, value]) => `${name}${labelText(labels)} ${value}`),
    });
  }

  /** `bounds` ascending, in the unit of the name. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const series = new Map<string, { labels: Labels; counts: number[]; sum: number }>();
    this.#add(name, {
      type: 'histogram',
      help,
      samples: () => [...series.values()].flatMap((one) => histogramLines(name, bounds, one)),
    });
    return {
      observe: (value, labels = {}) => {
        const key = labelText(labels);
        let one = series.get(key);
        if (one === undefined) {
          one = { labels, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
          series.set(key, one);
        }
        const found = bounds.findIndex((bound) => value <= bound);
        const at = found === -1 ? bounds.length : found;
        one.counts[at] = (one.counts[at] ?? 0) + 1;
        one.sum += value;
      },
    };
  }

  /** Everything, as `GET /metrics` answers it. */
  async render(): Promise<string> {
    const blocks = await Promise.all(
      [...this.#metrics].map(async ([name, metric]) => [
        `# HELP ${name} ${metric.help}`,
        `# TYPE ${name} ${metric.type}`,
        ...(await metric.samples()),
      ]),
    );
    return `${blocks.flat().join('\n')}\n`;
  }

  #add(name: string, metric: Metric): void {
    if (this.#metrics.has(name)) throw new Error(`metric ${name} is there already`);
    this.#metrics.set(name, metric);
  }
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum }: { labels: Labels; counts: readonly number[]; sum: number },
): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return `${name}_bucket${labelText({ ...labels, le: String(bounds[index] ?? '+Inf') })} ${total}`;
  });
  return [...buckets, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${total}`];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
