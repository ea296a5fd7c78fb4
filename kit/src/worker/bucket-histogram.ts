import { Histogram, type HistogramConfiguration } from "prom-client";

type Labels = Readonly<Record<string, string>>;
type Value = {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
};

/** Observations of one set of labels. */
export type HistogramSeries = { observe(value: number): void };

/**
 * A histogram whose series are made beforehand and observed without looking up their labels, which would cost as much
 * as all else that the worker does for a small job.
 */
export class BucketHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #edges: readonly number[];
  readonly #series: { readonly labels: Labels; readonly counts: number[]; sum: number }[] = [];

  /** @param configuration its buckets ascending */
  constructor(configuration: HistogramConfiguration<string> & { readonly buckets: number[] }) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#edges = configuration.buckets;
  }

  series(labels: Labels): HistogramSeries {
    const edges = this.#edges;
    const counts = Array.from({ length: edges.length + 1 }, () => 0);
    const series = { labels, counts, sum: 0 };
    this.#series.push(series);
    return {
      observe(value) {
        let index = 0;
        while (index < edges.length && value > (edges[index] ?? 0)) index += 1;
        counts[index] = (counts[index] ?? 0) + 1;
        series.sum += value;
      },
    };
  }

  override async get(): ReturnType<Histogram["get"]> {
    const values = this.#series.flatMap((series) => this.#valuesOf(series));
    const read = { name: this.#name, help: this.#help, type: "histogram", aggregator: "sum", values };
    return read as never; // prom-client's types have a number for the type, its code reads and writes this word
  }

  /** The registry's own way to read a histogram. */
  getForPromString(): ReturnType<Histogram["get"]> {
    return this.get();
  }

  #valuesOf({
    labels,
    counts,
    sum,
  }: {
    readonly labels: Labels;
    readonly counts: readonly number[];
    readonly sum: number;
  }): Value[] {
    let cumulative = 0;
    const buckets = counts.map((count, index) => {
      cumulative += count;
      const le = this.#edges[index] ?? "+Inf";
      return { metricName: `${this.#name}_bucket`, labels: { le, ...labels }, value: cumulative };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: cumulative },
    ];
  }
}
