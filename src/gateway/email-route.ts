import type { FastifyInstance } from "fastify";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { answerAccepted, traceparentOf } from "./job-routes.ts";
import type { GatewayOptions } from "./options.ts";
import { setJobType } from "./request-job-type.ts";
import { submitJob, type SubmitDeps } from "./submit-job.ts";

/** `GET /email?to&from&subject&content` submits a job of type `email`, its payload being the query. */
export function registerEmailRoute(
  app: FastifyInstance,
  deps: SubmitDeps,
  served: { readonly options: GatewayOptions; readonly contract: JobContract },
): void {
  const { contract, options } = served;
  app.get("/email", { exposeHeadRoute: false }, async (request, reply) => {
    setJobType(request, contract.type);
    const payload = request.query;
    const accepted = await submitJob(deps, options, {
      contract,
      payload,
      raw: JSON.stringify(payload),
      idempotencyKey: undefined,
      traceparent: traceparentOf(request),
    });
    // A GET that does something: no cache may answer it instead.
    void reply.header("cache-control", "no-store");
    return answerAccepted(reply, accepted);
  });
}
