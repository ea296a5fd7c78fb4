type Entry = {
  readonly status: number;
  readonly title: string;
  /** Sent as Retry-After: the same request may succeed later. */
  readonly retryAfterSeconds?: number;
};

/** Every error that the gateway answers. docs/errors.md says what to do about each; a test holds the two together. */
export const ERROR_CATALOGUE = {
  "body-malformed": { status: 400, title: "The body is not JSON" },
  "payload-invalid": { status: 400, title: "The payload does not fit the job type" },
  "idempotency-key-invalid": { status: 400, title: "The Idempotency-Key header cannot be used" },
  "request-invalid": { status: 400, title: "The request cannot be read" },
  "type-unknown": { status: 404, title: "No such job type" },
  "job-unknown": { status: 404, title: "No such job" },
  "route-unknown": { status: 404, title: "No such address" },
  "idempotency-key-reused": { status: 409, title: "The Idempotency-Key stands for another payload" },
  "body-too-large": { status: 413, title: "The body is over the limit" },
  "media-type-unsupported": { status: 415, title: "The body must be application/json" },
  internal: { status: 500, title: "The gateway failed" },
  "broker-away": { status: 503, title: "The broker is away", retryAfterSeconds: 5 },
  "broker-blocked": { status: 503, title: "The broker takes no messages now", retryAfterSeconds: 10 },
  "queue-full": { status: 503, title: "The queue of this job type is full", retryAfterSeconds: 10 },
  "queue-missing": { status: 503, title: "The queue of this job type does not exist", retryAfterSeconds: 10 },
  "submission-refused": {
    status: 503,
    title: "The first submission with this key failed",
    retryAfterSeconds: 1,
  },
  "outcome-unknown": {
    status: 503,
    title: "Whether the broker has the job is not known",
    retryAfterSeconds: 10,
  },
  "store-unavailable": { status: 503, title: "The job store does not answer", retryAfterSeconds: 5 },
} as const satisfies Readonly<Record<string, Entry>>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** One field that was refused; `field` is its path in the payload, as in `items[0].name`, "" for the payload itself. */
export type FieldError = { readonly field: string; readonly message: string };

export type ProblemDetails = {
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** The job that the problem is about. */
  readonly id?: string;
  readonly cause?: unknown;
};

/** A request that is answered with an entry of the catalogue. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ErrorCode;
  readonly details: ProblemDetails;

  constructor(code: ErrorCode, details: ProblemDetails) {
    super(details.detail, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

export function retryAfterSeconds(code: ErrorCode): number | undefined {
  const entry: Entry = ERROR_CATALOGUE[code];
  return entry.retryAfterSeconds;
}

/** The RFC 9457 document of a problem. */
export function problemDocument({ code, details }: ProblemError): Readonly<Record<string, unknown>> {
  const { status, title } = ERROR_CATALOGUE[code];
  return {
    type: `urn:millrace:error:${code}`,
    title,
    status,
    detail: details.detail,
    code,
    ...(details.errors === undefined ? {} : { errors: details.errors }),
    ...(details.id === undefined ? {} : { id: details.id }),
  };
}
