import { Counter, type CounterConfiguration } from "prom-client";

/** Increments of one set of labels. */
export type CounterSeries = { inc(): void };

/** A counter whose increments are numbers in memory until somebody reads them: see BucketHistogram. */
export class BatchedCounter {
  readonly #series: { readonly labels: Readonly<Record<string, string>>; pending: number }[] = [];

  constructor(configuration: CounterConfiguration<string>) {
    const counter: Counter = new Counter({
      ...configuration,
      collect: () => {
        for (const series of this.#series) {
          counter.inc(series.labels, series.pending);
          series.pending = 0;
        }
      },
    });
  }

  /** There from the start with 0: a first increase from nothing would not be seen as one. */
  series(labels: Readonly<Record<string, string>>): CounterSeries {
    const series = { labels, pending: 0 };
    this.#series.push(series);
    return {
      inc() {
        series.pending += 1;
      },
    };
  }
}
