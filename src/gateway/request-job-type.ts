import type { FastifyRequest } from "fastify";

const DECORATOR = "jobType";

/** The label of a request that submits a job: a known type, or `unknown`; undefined for every other request. */
export function jobTypeOf(request: FastifyRequest): string | undefined {
  return request.getDecorator<string | undefined>(DECORATOR);
}

export function setJobType(request: FastifyRequest, type: string): void {
  request.setDecorator<string | undefined>(DECORATOR, type);
}
