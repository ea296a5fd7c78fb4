import { Counter, Gauge, type Registry } from "prom-client";

export type Labels = Readonly<Record<string, string>>;

/** One series; `of` is the same object at every scrape, so that its text is made once, and `more` is what changes. */
export type Series = { readonly of: Labels; readonly more?: Labels; readonly value: number };

export type ScrapedMetric = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** No two with the same labels. */
  readonly series: () => readonly Series[];
};

/**
 * Registers a gauge whose series are made anew at each scrape: what is gone is gone. They go straight into the text:
 * prom-client's map by labels would cost more than all the rest for tens of thousands of series.
 */
export function registerScrapedGauge(registry: Registry, metric: ScrapedMetric): void {
  registry.registerMetric(new ScrapedGauge(metric));
}

/** The same for a counter; the values come from where they are counted. */
export function registerScrapedCounter(registry: Registry, metric: ScrapedMetric): void {
  registry.registerMetric(new ScrapedCounter(metric));
}

class ScrapedGauge extends Gauge {
  readonly #series: ScrapedMetric["series"];

  constructor({ name, help, labelNames, series }: ScrapedMetric) {
    super({ name, help, labelNames: [...labelNames], registers: [] });
    this.#series = series;
  }

  override async get(): ReturnType<Gauge["get"]> {
    return { ...(await super.get()), values: valuesOf(this.#series()) };
  }

  /** Asked for instead of `get` where the registry writes text. */
  async getForPromString(): ReturnType<Gauge["get"]> {
    return { ...(await super.get()), values: textValuesOf(this.#series()) };
  }
}

class ScrapedCounter extends Counter {
  readonly #series: ScrapedMetric["series"];

  constructor({ name, help, labelNames, series }: ScrapedMetric) {
    super({ name, help, labelNames: [...labelNames], registers: [] });
    this.#series = series;
  }

  override async get(): ReturnType<Counter["get"]> {
    return { ...(await super.get()), values: valuesOf(this.#series()) };
  }

  async getForPromString(): ReturnType<Counter["get"]> {
    return { ...(await super.get()), values: textValuesOf(this.#series()) };
  }
}

const valuesOf = (series: readonly Series[]) =>
  series.map(({ of, more, value }) => ({ labels: { ...of, ...more }, value }));

/** `sharedLabels` is the registry's own word for labels whose text it keeps. */
const textValuesOf = (series: readonly Series[]) =>
  series.map(({ of, more = {}, value }) => ({ labels: more, sharedLabels: of, value }));
