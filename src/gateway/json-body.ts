import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "./errors.ts";

/** A JSON body: the text, to be forwarded as it is, and its value, for checks. */
export type JsonBody = { readonly raw: string; readonly value: unknown };

/** Fastify content type parser for JSON. @throws ProblemError `body-malformed` */
export async function parseJsonBody(_request: FastifyRequest, body: Buffer): Promise<JsonBody> {
  if (!isUtf8(body)) throw new ProblemError("body-malformed", { detail: "the body is not UTF-8" });
  const raw = body.toString("utf8");
  try {
    return { raw, value: JSON.parse(raw) };
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new ProblemError("body-malformed", { detail: `the body is not JSON: ${because}`, cause });
  }
}
