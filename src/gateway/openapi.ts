import { z } from "zod";
import type { JobContract } from "../../kit/src/job/define-job.ts";
import { ERROR_CATALOGUE } from "./errors.ts";
import { STORED_STATUSES } from "./ports.ts";

const problem = { $ref: "#/components/responses/problem" };

/** An OpenAPI 3.1 document of the API, with one path for each job type that is taken. */
export function openapiDocument(contracts: readonly JobContract[]): Readonly<Record<string, unknown>> {
  const submissions = contracts.map((contract) => [`/v1/jobs/${contract.type}`, submissionPath(contract)]);
  return {
    openapi: "3.1.0",
    info: { title: "Millrace gateway", version: "1" },
    paths: {
      ...Object.fromEntries(submissions),
      ...(contracts.some(({ type }) => type === "email") ? { "/email": emailPath } : {}),
      "/v1/jobs/{id}": {
        get: {
          summary: "One job",
          parameters: [
            { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } },
          ],
          responses: { 200: jsonAnswer("The job", "#/components/schemas/job"), default: problem },
        },
      },
    },
    components: {
      responses: {
        problem: jsonAnswer("An error", "#/components/schemas/problem", "application/problem+json"),
      },
      schemas: { job: jobSchema, accepted: acceptedSchema, problem: problemSchema },
    },
  };
}

function submissionPath(contract: JobContract): object {
  return {
    post: {
      summary: `Submit a job of type ${contract.type}`,
      parameters: [{ name: "Idempotency-Key", in: "header", schema: { type: "string", maxLength: 255 } }],
      requestBody: { required: true, content: { "application/json": { schema: inputSchema(contract) } } },
      responses: {
        202: jsonAnswer("The broker has the job", "#/components/schemas/accepted"),
        default: problem,
      },
    },
  };
}

const emailPath = {
  get: {
    summary: "Submit a job of type email",
    parameters: ["to", "from", "subject", "content"].map((name) => ({
      name,
      in: "query",
      required: true,
      schema: { type: "string" },
    })),
    responses: {
      202: jsonAnswer("The broker has the job", "#/components/schemas/accepted"),
      default: problem,
    },
  },
};

/** A schema that JSON Schema cannot express is shown as "anything", as it is the gateway that checks it. */
function inputSchema(contract: JobContract): object {
  return z.toJSONSchema(contract.payload, { io: "input", unrepresentable: "any" });
}

function jsonAnswer(description: string, $ref: string, mediaType = "application/json"): object {
  return { description, content: { [mediaType]: { schema: { $ref } } } };
}

const status = { enum: STORED_STATUSES };
const links = { type: "object", properties: { self: { type: "string" } }, required: ["self"] };
const time = { type: "string", format: "date-time" };

const acceptedSchema = {
  type: "object",
  properties: { id: { type: "string", format: "uuid" }, status, links },
  required: ["id", "status", "links"],
};

const jobSchema = {
  type: "object",
  properties: {
    ...acceptedSchema.properties,
    type: { type: "string" },
    run: { type: "integer" },
    attempt: { type: "integer" },
    submittedAt: time,
    publishedAt: time,
    lastEventAt: time,
    worker: { type: "string" },
    error: {
      type: "object",
      properties: { code: { type: "string" }, message: { type: "string" }, stack: { type: "string" } },
    },
    result: {},
  },
  required: ["id", "type", "status", "run", "attempt", "submittedAt", "links"],
};

const problemSchema = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { enum: Object.keys(ERROR_CATALOGUE) },
    id: { type: "string", format: "uuid" },
    errors: {
      type: "array",
      items: { type: "object", properties: { field: { type: "string" }, message: { type: "string" } } },
    },
  },
  required: ["type", "title", "status", "detail", "code"],
};
