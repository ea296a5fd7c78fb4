import type { FastifyReply } from "fastify";
import type { Problem } from "./contract.ts";

/** What went wrong, in words; `retryAfterSeconds` where the same request may be answered later. */
export type Refusal = Omit<Problem, "type"> & { readonly retryAfterSeconds?: number };

/** Answers with a problem document (RFC 9457). */
export function sendProblem(reply: FastifyReply, { retryAfterSeconds, ...refusal }: Refusal): FastifyReply {
  if (retryAfterSeconds !== undefined) void reply.header("retry-after", String(retryAfterSeconds));
  const problem: Problem = { type: `urn:millrace:error:${refusal.code}`, ...refusal };
  return reply.code(refusal.status).type("application/problem+json").send(JSON.stringify(problem));
}
