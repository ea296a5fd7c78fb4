import type { FastifyReply } from "fastify";
import { ERROR_CATALOGUE, problemDocument, ProblemError, retryAfterSeconds } from "./errors.ts";
import { StoreUnavailableError } from "./ports.ts";
import { jobTypeOf } from "./request-job-type.ts";
import type { SubmitDeps } from "./submit-job.ts";

/** Answers any error of a request with its problem document, logs what an operator must know, and counts refusals. */
export function answerError(
  deps: Pick<SubmitDeps, "log" | "metrics">,
  error: Error,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(error);
  if (problem.code === "internal") deps.log.error({ err: error }, "a request failed");
  if (problem.code === "store-unavailable") deps.log.warn({ err: error }, "the job store does not answer");
  const type = jobTypeOf(reply.request);
  if (type !== undefined) deps.metrics.rejected.inc({ type, reason: problem.code });
  return answerProblem(reply, problem);
}

export function answerProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  const retryAfter = retryAfterSeconds(problem.code);
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
  return reply
    .code(ERROR_CATALOGUE[problem.code].status)
    .type("application/problem+json")
    .send(JSON.stringify(problemDocument(problem)));
}

/** The entry of the catalogue that an error stands for. */
export function problemOf(error: Error): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof StoreUnavailableError) {
    return new ProblemError("store-unavailable", { detail: "the job store does not answer", cause: error });
  }
  const { code, statusCode }: { code?: unknown; statusCode?: unknown } = error as object;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new ProblemError("body-too-large", { detail: error.message });
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ProblemError("media-type-unsupported", { detail: "Content-Type: expected application/json" });
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new ProblemError("request-invalid", { detail: error.message, cause: error });
  }
  return new ProblemError("internal", { detail: "the gateway failed; its log has the reason", cause: error });
}
