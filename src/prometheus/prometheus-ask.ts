import { createLogin } from "../credentials/create-login.ts";
import { CredentialsError } from "../credentials/errors.ts";
import { explainFailure, rootMessage } from "../credentials/explain-failure.ts";
import { AnswerTooLargeError, type HttpAnswer, HttpClient } from "../credentials/http-client.ts";
import { authorizationOf, type LoginSource } from "../credentials/login.ts";
import { PrometheusError } from "./errors.ts";
import type { PrometheusOptions } from "./prometheus-options.ts";

/** Evaluates a query now and resolves with the `data` of the answer. Rejects with a PrometheusError, never with anything else. */
export type PrometheusAsk = (query: string, signal: AbortSignal) => Promise<object>;

const defaultDeadlineMs = 5_000;
const defaultMaxAnswerBytes = 64 * 1024 * 1024;

export const createPrometheusAsk = (options: PrometheusOptions): PrometheusAsk => {
  const { tls, headers = {}, deadlineMs = defaultDeadlineMs } = options;
  const { maxAnswerBytes = defaultMaxAnswerBytes } = options;
  const http = new HttpClient({ ...(tls && { tls }), maxAnswerBytes });
  const { base, login } = placeOf(options);
  const send = async (query: string, signal: AbortSignal): Promise<HttpAnswer> => {
    const who = await login?.now(signal);
    const authorization = who && authorizationOf(who.login);
    const answer = await http.request(`${base}/api/v1/query`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...(authorization !== undefined && { authorization }),
        ...headers,
      },
      body: new URLSearchParams({ query }).toString(),
      signal,
    });
    if (answer.status === 401 && who !== undefined) login?.refused(who.version);
    return answer;
  };
  return async (query, signal) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const answer = await send(query, within).catch((cause: unknown) => {
      throw failureOf(cause, base, within);
    });
    return dataOf(answer, base, login);
  };
};

const placeOf = ({ url, credentials, tls }: PrometheusOptions) => {
  const address = new URL(url);
  const isAnonymous = credentials === undefined && address.username === "" && address.password === "";
  const login = isAnonymous
    ? undefined
    : createLogin(credentials, new URL(url), {
        ...(tls && { tls }),
        preset: { username: "", password: "" },
        nowMs: Date.now,
      });
  address.username = "";
  address.password = "";
  return { base: address.href.replace(/\/$/, ""), login };
};

const failureOf = (cause: unknown, base: string, within: AbortSignal): PrometheusError => {
  if (cause instanceof CredentialsError)
    return new PrometheusError("prometheus-login", `Prometheus at ${base}: ${cause.message}`, { cause });
  if (cause instanceof AnswerTooLargeError)
    return new PrometheusError(
      "prometheus-answer-too-large",
      `Prometheus at ${base}: ${cause.message}; add matchers that select the workers`,
      { cause },
    );
  if (within.aborted)
    return new PrometheusError(
      "prometheus-timeout",
      `Prometheus at ${base} did not answer in time: check its health, or add matchers that select the workers`,
      { cause },
    );
  const why = explainFailure(cause) ?? rootMessage(cause);
  return new PrometheusError("prometheus-unreachable", `Prometheus at ${base} cannot be reached: ${why}`, {
    cause,
  });
};

type Body = { readonly status?: string; readonly error?: string; readonly data?: object };

const dataOf = (answer: HttpAnswer, base: string, login: LoginSource | undefined): object => {
  const { status, text } = answer;
  const body = parsed(text);
  if (status === 200 && body?.status === "success" && body.data !== undefined) return body.data;
  if (status === 401 || status === 403) throw refusedLogin(status, base, login);
  if (body?.error === undefined && status < 500) throw notThere(answer, base);
  const why = body?.error ?? text.slice(0, 200);
  throw new PrometheusError("prometheus-refused", `Prometheus at ${base} answered ${status}: ${why}`);
};

const refusedLogin = (status: number, base: string, login: LoginSource | undefined): PrometheusError => {
  const whom = login === undefined ? "a request without credentials" : login.origin;
  return new PrometheusError(
    "prometheus-login",
    `Prometheus at ${base} refused ${whom} (${status}): correct the credentials`,
  );
};

const notThere = ({ status, text, location }: HttpAnswer, base: string): PrometheusError => {
  const answered =
    location === undefined
      ? `answered ${status} with something else: ${text.trim().slice(0, 80)}`
      : `redirects (${status}) to ${URL.parse(location, base)?.origin ?? location}`;
  return new PrometheusError(
    "prometheus-not-there",
    `${base}/api/v1/query ${answered}; give the address of Prometheus itself, with its path prefix if it has one`,
  );
};

const parsed = (text: string): Body | undefined => {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined; // a proxy's page
  }
};
