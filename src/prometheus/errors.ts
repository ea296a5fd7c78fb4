export type PrometheusErrorCode =
  | "prometheus-unreachable"
  | "prometheus-timeout"
  /** The login was not accepted, or cannot be had. */
  | "prometheus-login"
  /** Something else answers at that address. */
  | "prometheus-not-there"
  /** It answers, and not with what was asked. */
  | "prometheus-refused"
  | "prometheus-answer-too-large";

/** Prometheus gave no usable answer; the message says why and what to do, in words for a person. */
export class PrometheusError extends Error {
  override readonly name = "PrometheusError";
  readonly code: PrometheusErrorCode;

  constructor(code: PrometheusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
