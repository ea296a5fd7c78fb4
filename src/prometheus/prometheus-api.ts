import { PrometheusError } from "./errors.ts";
import { createPrometheusAsk } from "./prometheus-ask.ts";
import type { PrometheusOptions } from "./prometheus-options.ts";

/** One series of a range selector; samples oldest first, as [Unix ms, value]. */
export type Series = {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [timestampMs: number, value: number])[];
};

/** One answer to an instant query. `atMs` is the time by Prometheus' own clock that the query was evaluated for. */
export type InstantVector = readonly {
  readonly labels: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly value: number;
}[];

/** The HTTP API of Prometheus, as far as it is needed. Every call rejects with a PrometheusError, never with anything else. */
export type PrometheusApi = {
  /** `selector` is a range selector, for example `up[30s]`: the raw samples with their own timestamps. */
  range(selector: string, signal: AbortSignal): Promise<readonly Series[]>;
  /** An expression with an instant vector or a scalar as its value; samples that are no finite number are left out. */
  instant(expression: string, signal: AbortSignal): Promise<InstantVector>;
};

export const createPrometheusApi = (options: PrometheusOptions): PrometheusApi => {
  const ask = createPrometheusAsk(options);
  return {
    range: async (selector, signal) => matrixOf((await ask(selector, signal)) as Data),
    instant: async (expression, signal) => vectorOf((await ask(expression, signal)) as Data),
  };
};

type Data = { readonly resultType: string; readonly result: unknown };
type RawSeries = {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
};

const seriesOf = ({ result }: Data): readonly RawSeries[] => (Array.isArray(result) ? result : []);

const matrixOf = (data: Data): readonly Series[] => {
  if (data.resultType !== "matrix")
    throw new PrometheusError(
      "prometheus-refused",
      `expected a matrix, Prometheus answered ${data.resultType}`,
    );
  return seriesOf(data).map(({ metric, values = [] }) => ({
    labels: metric,
    samples: values
      .map(([seconds, value]) => [Math.round(seconds * 1_000), Number(value)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  }));
};

const vectorOf = (data: Data): InstantVector => {
  const raw =
    data.resultType === "scalar"
      ? [{ metric: {}, value: data.result as readonly [number, string] }]
      : seriesOf(data);
  return raw.flatMap(({ metric, value }) => {
    const number = Number(value?.[1]);
    return value === undefined || !Number.isFinite(number)
      ? []
      : [{ labels: metric, atMs: Math.round(value[0] * 1_000), value: number }];
  });
};
