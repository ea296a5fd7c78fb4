import { PrometheusError } from "./errors.ts";
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

const defaultDeadlineMs = 5_000;
const defaultMaxAnswerBytes = 64 * 1024 * 1024;

export const createPrometheusApi = (options: PrometheusOptions): PrometheusApi => {
  const { deadlineMs = defaultDeadlineMs, maxAnswerBytes = defaultMaxAnswerBytes } = options;
  const { address, headers } = endpointOf(options);
  const ask = async (query: string, signal: AbortSignal): Promise<Data> => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    try {
      const response = await fetch(address, {
        method: "POST",
        headers,
        body: new URLSearchParams({ query }),
        signal: within,
      });
      return dataOf(response.status, await boundedText(response, maxAnswerBytes));
    } catch (cause) {
      if (cause instanceof PrometheusError) throw cause;
      throw within.aborted
        ? new PrometheusError("prometheus-timeout", "Prometheus did not answer in time", { cause })
        : new PrometheusError("prometheus-unreachable", `Prometheus cannot be reached: ${rootOf(cause)}`, {
            cause,
          });
    }
  };
  return {
    range: async (selector, signal) => matrixOf(await ask(selector, signal)),
    instant: async (expression, signal) => vectorOf(await ask(expression, signal)),
  };
};

type Data = { readonly resultType: string; readonly result: unknown };
type RawSeries = {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
};

const endpointOf = ({ url, headers }: PrometheusOptions) => {
  const base = new URL(url);
  const { username, password } = base;
  base.username = "";
  base.password = "";
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    address: `${base.href.replace(/\/$/, "")}/api/v1/query`,
    headers: {
      ...(username === "" ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
      ...headers,
    },
  };
};

const boundedText = async (response: Response, maxBytes: number): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new PrometheusError(
        "prometheus-answer-too-large",
        `Prometheus' answer is over ${maxBytes} bytes`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const dataOf = (status: number, text: string): Data => {
  const body = parsed(text);
  if (status === 200 && body?.status === "success" && body.data !== undefined) return body.data;
  const why = body?.error ?? text.slice(0, 200);
  throw new PrometheusError("prometheus-refused", `Prometheus answered ${status}: ${why}`);
};

const parsed = (text: string): { status?: string; error?: string; data?: Data } | undefined => {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined; // a proxy's error page; its text is told instead
  }
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

/** `fetch failed` says nothing; what stands behind it does. */
const rootOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
};
