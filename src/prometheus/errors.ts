export type PrometheusErrorCode =
  | "prometheus-unreachable"
  | "prometheus-timeout"
  | "prometheus-refused"
  | "prometheus-answer-too-large";

/** Prometheus gave no usable answer; the message says why, in words for a person. */
export class PrometheusError extends Error {
  override readonly name = "PrometheusError";
  readonly code: PrometheusErrorCode;

  constructor(code: PrometheusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
