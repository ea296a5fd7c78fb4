import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { ProblemError } from "./errors.ts";
import { type JobView, jobView, linksOf } from "./job-view.ts";
import type { JsonBody } from "./json-body.ts";
import type { GatewayOptions } from "./options.ts";
import { setJobType } from "./request-job-type.ts";
import { type Accepted, submitJob, type SubmitDeps } from "./submit-job.ts";

type TypeParams = { readonly Params: { readonly type: string } };
type IdParams = { readonly Params: { readonly id: string } };

/** Submitting and reading one job. */
export function registerJobRoutes(
  app: FastifyInstance,
  deps: SubmitDeps,
  served: { readonly options: GatewayOptions; readonly contracts: ReadonlyMap<string, JobContract> },
): void {
  const contractOf = (request: FastifyRequest<TypeParams>): JobContract => {
    const contract = served.contracts.get(request.params.type);
    setJobType(request, contract?.type ?? "unknown");
    if (contract !== undefined) return contract;
    throw new ProblemError("type-unknown", {
      detail: `${request.params.type}: expected one of ${[...served.contracts.keys()].join(", ")}`,
    });
  };
  app.post<TypeParams & { Body: JsonBody | undefined }>(
    "/v1/jobs/:type",
    // Before the body is read: a large body of an unknown type is not worth reading.
    { onRequest: async (request) => void contractOf(request) },
    async (request, reply) => {
      const contract = contractOf(request);
      const { body } = request;
      if (body === undefined)
        throw new ProblemError("body-malformed", { detail: "the body is missing: expected JSON" });
      const accepted = await submitJob(deps, served.options, {
        contract,
        payload: body.value,
        raw: body.raw,
        idempotencyKey: headerOf(request, "idempotency-key"),
        traceparent: traceparentOf(request),
      });
      return answerAccepted(reply, accepted);
    },
  );
  app.route<IdParams>({
    method: "GET",
    url: "/v1/jobs/:id",
    handler: async (request): Promise<JobView> => {
      const job = await deps.store.find(request.params.id);
      if (job === undefined)
        throw new ProblemError("job-unknown", { detail: `there is no job ${request.params.id}` });
      return jobView(job);
    },
  });
}

export function answerAccepted(reply: FastifyReply, { id, status, replayed }: Accepted): FastifyReply {
  if (replayed) void reply.header("idempotent-replayed", "true");
  return reply.code(202).send({ id, status, links: linksOf(id) });
}

/** W3C trace context of the caller; one that is not well-formed is dropped, as the standard asks. */
export function traceparentOf(request: FastifyRequest): string | undefined {
  const text = headerOf(request, "traceparent");
  return text !== undefined && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text) ? text : undefined;
}

function headerOf(request: FastifyRequest<TypeParams> | FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
