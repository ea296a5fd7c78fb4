import { z } from "zod";
import { apiVersion } from "./fields.ts";
import { type ProcessPool, processPoolSchema } from "./process-pool.ts";
import { type WorkerAutoscaler, workerAutoscalerSchema } from "./worker-autoscaler.ts";

type Resource = WorkerAutoscaler | ProcessPool;
/** `path` as people write it: `spec.queues[0].name`; empty for the whole document. */
type ResourceProblem = { readonly path: string; readonly message: string };
export type ResourceParse =
  | { readonly kind: "resource"; readonly resource: Resource }
  | { readonly kind: "invalid"; readonly problems: readonly ResourceProblem[] };

const envelope = z.looseObject({ apiVersion: z.string(), kind: z.string() });

/** Reads one document (already parsed from YAML or JSON). All of its problems are named at once. */
export function parseResource(document: unknown): ResourceParse {
  const head = envelope.safeParse(document);
  if (!head.success) return invalid("", `expected an object with apiVersion ${apiVersion} and a kind`);
  if (head.data.apiVersion !== apiVersion) {
    return invalid("apiVersion", `expected ${apiVersion}, got ${head.data.apiVersion}`);
  }
  switch (head.data.kind) {
    case "WorkerAutoscaler":
      return parsed(workerAutoscalerSchema.safeParse(document));
    case "ProcessPool":
      return parsed(processPoolSchema.safeParse(document));
  }
  return invalid("kind", `expected WorkerAutoscaler or ProcessPool, got ${head.data.kind}`);
}

function parsed(result: z.ZodSafeParseResult<Resource>): ResourceParse {
  if (result.success) return { kind: "resource", resource: result.data };
  return { kind: "invalid", problems: result.error.issues.flatMap(problemsOf) };
}

function invalid(path: string, message: string): ResourceParse {
  return { kind: "invalid", problems: [{ path, message }] };
}

function problemsOf(issue: z.core.$ZodIssue): ResourceProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: "unknown key: check the spelling; a key of a newer version needs a newer millrace",
    }));
  }
  return [{ path: pathText(issue.path), message: issue.message }];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\w-]+$/.test(name)) return `${text}["${name}"]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}
