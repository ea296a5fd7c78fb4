import type { z } from "zod";
import { type JobContract, schemaError } from "../job/define-job.ts";
import { SubmitError, type SubmitErrorCode } from "./submit-error.ts";

export type HttpClientOptions = {
  /** The gateway's, as in `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** For each request, 0.1 to 600. Default 30. */
  readonly timeoutSeconds?: number;
};

export type HttpClient = {
  /**
   * Resolves once the gateway has accepted the job: no accepted job is lost.
   *
   * @param options.idempotencyKey the same key with the same payload again answers with the first one's id
   * @throws SubmitError
   */
  submit<P extends z.ZodType>(
    job: JobContract<P>,
    payload: z.input<P>,
    options?: { readonly idempotencyKey?: string },
  ): Promise<{ readonly id: string }>;
};

/** Submits jobs through a gateway. */
export function createHttpClient({ url, token, timeoutSeconds = 30 }: HttpClientOptions): HttpClient {
  const timeoutMs = Math.min(600, Math.max(0.1, timeoutSeconds)) * 1_000;
  return {
    async submit(job, payload, options = {}) {
      const parsed = job.payload.safeParse(payload);
      if (!parsed.success) {
        throw new SubmitError("payload-invalid", schemaError("payload-invalid", parsed.error).message);
      }
      const { idempotencyKey } = options;
      const response = await post(new URL(`v1/jobs/${encodeURIComponent(job.type)}`, withSlash(url)), {
        body: JSON.stringify(payload),
        timeoutMs,
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        },
      });
      const answer = await readAnswer(response);
      if (response.status === 202 && answer.id !== undefined) return { id: answer.id };
      throw new SubmitError(
        codeOf(response.status, answer.code),
        answer.detail ?? `answered ${response.status}`,
        answer.id === undefined ? {} : { id: answer.id },
      );
    },
  };
}

async function post(
  url: URL,
  request: {
    readonly body: string;
    readonly timeoutMs: number;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<Response> {
  const { body, headers, timeoutMs } = request;
  try {
    return await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    // Refused connections wrote nothing; of all other failures nobody knows what the gateway has read.
    const refused = cause instanceof Error && isRefused(cause.cause);
    throw new SubmitError(refused ? "unavailable" : "outcome-unknown", "the gateway did not answer", {
      cause,
    });
  }
}

function isRefused(cause: unknown): boolean {
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ECONNREFUSED";
}

type Answer = { readonly id?: string; readonly code?: string; readonly detail?: string };

/** A 202 or a problem document (RFC 9457); what is not JSON tells nothing. */
async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return {
      ...("id" in value && typeof value.id === "string" ? { id: value.id } : {}),
      ...("code" in value && typeof value.code === "string" ? { code: value.code } : {}),
      ...("detail" in value && typeof value.detail === "string" ? { detail: value.detail } : {}),
    };
  } catch {
    return {};
  }
}

function codeOf(status: number, code: string | undefined): SubmitErrorCode {
  if (code === "outcome-unknown") return "outcome-unknown";
  if (code === "queue-full") return "queue-full";
  if (status === 400) return "payload-invalid";
  if (status === 404) return "unroutable";
  return status === 503 ? "unavailable" : "refused";
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
