import { Histogram, type HistogramConfiguration } from "prom-client";
import { type Exemplar, exemplarOf, type Observation } from "./exemplar.ts";

type Labels = Readonly<Record<string, string>>;
type Value = {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
};

/** Observations of one set of labels. */
export type HistogramSeries = { observe(observation: Observation): void };
type Observed = {
  readonly labels: Labels;
  /** By bucket, not cumulative. */
  readonly counts: number[];
  /** The last of each bucket. */
  readonly last: (Observation | undefined)[];
  sum: number;
};

/**
 * A histogram whose series are made beforehand and observed without looking up their labels, which would cost as much
 * as all else that the worker does for a small job.
 */
export class BucketHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #edges: readonly number[];
  readonly #series: Observed[] = [];

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
    const last = counts.map(() => undefined);
    const series: Observed = { labels, counts, last, sum: 0 };
    this.#series.push(series);
    return {
      observe(observation) {
        const { value } = observation;
        let index = 0;
        while (index < edges.length && value > (edges[index] ?? 0)) index += 1;
        counts[index] = (counts[index] ?? 0) + 1;
        series.last[index] = observation;
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

  #valuesOf({ labels, counts, last, sum }: Observed): Value[] {
    let cumulative = 0;
    const buckets = counts.map((count, index) => {
      cumulative += count;
      const le = this.#edges[index] ?? "+Inf";
      const observation = last[index];
      return {
        metricName: `${this.#name}_bucket`,
        labels: { le, ...labels },
        value: cumulative,
        exemplar: observation && exemplarOf(observation), // only OpenMetrics has room for it
      };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: cumulative },
    ];
  }
}
