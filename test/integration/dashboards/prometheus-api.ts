import { stepSeconds, type TimeRange } from "./grafana.ts";

export type Series = {
  readonly metric: Readonly<Record<string, string>>;
  /** Without those that are not a number. */
  readonly values: readonly number[];
};

type Answer = {
  readonly status: string;
  readonly error?: string;
  readonly data?: unknown;
};

const ask = async (
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> => {
  const method = path.includes("/label/") ? "GET" : "POST";
  const body = new URLSearchParams(parameters);
  const response = await fetch(method === "GET" ? `${url}${path}?${body.toString()}` : `${url}${path}`, {
    method,
    ...(method === "POST" && { body }),
  });
  const { status, error, data } = (await response.json()) as Answer;
  if (status !== "success") throw new Error(`${error ?? response.status}: ${JSON.stringify(parameters)}`);
  return data;
};

const numbers = (values: readonly (readonly [number, string])[]): readonly number[] =>
  values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value));

/** Over the range, with Grafana's step. */
export const queryRange = async (
  url: string,
  query: string,
  range: TimeRange,
): Promise<readonly Series[]> => {
  const data = (await ask(url, "/api/v1/query_range", {
    query,
    start: String(range.from),
    end: String(range.to),
    step: String(stepSeconds(range)),
  })) as { readonly result: readonly { metric: Record<string, string>; values: [number, string][] }[] };
  return data.result.map(({ metric, values }) => ({ metric, values: numbers(values) }));
};

/** At the end of the range. */
export const queryAtEnd = async (
  url: string,
  query: string,
  { to }: TimeRange,
): Promise<readonly Series[]> => {
  const data = (await ask(url, "/api/v1/query", { query, time: String(to) })) as {
    readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
  };
  return data.result.map(({ metric, value }) => ({ metric, values: numbers([value]) }));
};

/** Labels of the exemplars of the series that a query asks for. */
export const queryExemplars = async (
  url: string,
  query: string,
  { from, to }: TimeRange,
): Promise<readonly Series["metric"][]> => {
  const data = (await ask(url, "/api/v1/query_exemplars", {
    query,
    start: String(from),
    end: String(to),
  })) as readonly { readonly exemplars: readonly { readonly labels: Series["metric"] }[] }[];
  return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
};

export const labelValues = async (
  url: string,
  {
    label,
    selector,
    range,
  }: { readonly label: string; readonly selector: string; readonly range: TimeRange },
): Promise<readonly string[]> =>
  (await ask(url, `/api/v1/label/${label}/values`, {
    "match[]": selector,
    start: String(range.from),
    end: String(range.to),
  })) as readonly string[];
