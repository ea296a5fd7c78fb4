import { z } from "zod";
import { type Choices, convertScaledObject } from "./convert-scaled-object.ts";
import type { Note } from "./note.ts";
import { type Authentication, authenticationSchema, scaledObjectSchema } from "./scaled-object.ts";

/** `source`: kind and name of what was read, `ScaledObject shop/orders`. */
export type Conversion = {
  readonly converted: readonly {
    readonly source: string;
    readonly resource: object;
    readonly notes: readonly Note[];
  }[];
  readonly refused: readonly { readonly source: string; readonly because: readonly string[] }[];
};

const scaledJobRefusal =
  "a ScaledJob starts a Job for each message; a WorkerAutoscaler sizes workers that stay. Use a Deployment of workers that consume the queue, let each end its job after SIGTERM (terminationGracePeriodSeconds longer than a job), and give it a WorkerAutoscaler: replicas that run a job are not removed";

const head = z.looseObject({
  apiVersion: z.string().default(""),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }).default({}),
});

/**
 * Converts the ScaledObjects among some documents (already parsed from YAML or JSON; lists are opened). Deterministic, in
 * the order of the documents. Documents of other kinds are left aside, their TriggerAuthentications are looked into.
 */
export function convertDocuments(documents: readonly unknown[], choices: Choices): Conversion {
  const converted: Conversion["converted"][number][] = [];
  const refused: Conversion["refused"][number][] = [];
  const opened = documents.flatMap(itemsOf).map(withoutNull);
  const authentications = opened.flatMap(authenticationOf);
  for (const document of opened) {
    const known = head.safeParse(document);
    if (!known.success || !known.data.apiVersion.startsWith("keda.sh/")) continue;
    const source = titleOf(known.data);
    if (known.data.kind === "ScaledJob") refused.push({ source, because: [scaledJobRefusal] });
    if (known.data.kind !== "ScaledObject") continue;
    const parsed = scaledObjectSchema.safeParse(document);
    const result = parsed.success
      ? convertScaledObject(parsed.data, choices, authentications)
      : { kind: "refused" as const, because: problemsOf(parsed.error) };
    if (result.kind === "refused") refused.push({ source, because: result.because });
    else converted.push({ source, resource: result.resource, notes: result.notes });
  }
  return { converted, refused };
}

const titleOf = ({ kind, metadata: { namespace, name = "without a name" } }: z.output<typeof head>): string =>
  `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

function itemsOf(document: unknown): readonly unknown[] {
  const list = z.looseObject({ kind: z.string().endsWith("List"), items: z.array(z.unknown()) });
  const parsed = list.safeParse(document);
  return parsed.success ? parsed.data.items : [document];
}

function authenticationOf(document: unknown): readonly Authentication[] {
  const parsed = authenticationSchema.safeParse(document);
  return parsed.success ? [parsed.data] : [];
}

/** An empty field in YAML is null; to KEDA it is absent. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNull(inner)]])),
  );
}

const problemsOf = (error: z.ZodError): readonly string[] =>
  error.issues.map(
    ({ path, message }) =>
      `${path
        .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
        .join("")
        .slice(1)}: ${message}`,
  );
