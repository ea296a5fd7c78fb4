/** How to reach Prometheus, and what its answers may cost. */
export type PrometheusOptions = {
  /** Base address, for example http://127.0.0.1:9090; a path prefix stays. Credentials in it become basic authentication. */
  readonly url: string;
  /** Sent with each request, for example `{ authorization: "Bearer …" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A request is given up after this many milliseconds, or at the caller's signal if that is earlier. Default 5000. */
  readonly deadlineMs?: number;
  /** A larger answer is refused. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
};
