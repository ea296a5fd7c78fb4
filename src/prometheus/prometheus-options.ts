import type { HttpCredentialOptions } from "../credentials/credential-options.ts";
import type { TlsOptions } from "../credentials/tls-options.ts";

/** How to reach Prometheus, and what its answers may cost. */
export type PrometheusOptions = {
  /** Base address, for example http://127.0.0.1:9090; a path prefix stays. Credentials in it become basic authentication. */
  readonly url: string;
  /** Instead of those in the address. */
  readonly credentials?: HttpCredentialOptions;
  /** Sent with each request, for example `{ "x-scope-orgid": "shop" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
  /** A request is given up after this many milliseconds, or at the caller's signal if that is earlier. Default 5000. */
  readonly deadlineMs?: number;
  /** A larger answer is refused. Default 64 MiB. */
  readonly maxAnswerBytes?: number;
};
