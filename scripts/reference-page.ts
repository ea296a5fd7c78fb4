import { REASONS } from "../src/control/reason.ts";
import type { ConditionType } from "../src/operator/conditions.ts";
import {
  customResourceDefinition,
  type StructuralSchema,
} from "../src/resource/custom-resource-definition.ts";
import { pauseAnnotations } from "../src/resource/pause.ts";

const conditions: Readonly<Record<ConditionType, string>> = {
  Ready: "The resource is valid, the target and every queue are known, and decisions are made.",
  SignalsFresh: "Every queue's ready count is known and not too old.",
  ObjectiveMet:
    "The share of jobs that started in time is at least the promised one. Unknown while it is not measured.",
  ObjectiveFeasible:
    "Reacting can keep the promise. When not, the message says how many warm replicas would (replicas.min).",
  TargetConflict: "Something else scales the target, and the operator therefore leaves it alone.",
  QueueShared: "Another Active autoscaler names one of the same queues.",
  ScaleInBlocked: "Fewer replicas would do, and something keeps the count up.",
  CapacityBlocked: "Replicas that were asked for are not created or do not start; more are not asked for.",
  Paused: "A person keeps the count.",
};

/** docs/worker-autoscaler.md, from the schema and the lists that the code uses. `example`: the least resource. */
export function referencePage(example: string): string {
  const { spec } = customResourceDefinition();
  const [version] = spec.versions;
  const { spec: specSchema = {}, status = {} } = version?.schema.openAPIV3Schema.properties ?? {};
  return `${[
    "<!-- Made from src/resource by `npm run generate`; changes here are lost. -->",
    "# WorkerAutoscaler",
    intro,
    `\`\`\`yaml\n${example.replace(/^#.*\n/, "").trimEnd()}\n\`\`\``,
    "More in [manifests/samples](../manifests/samples). `kubectl explain wa.spec` shows what stands here.",
    "## spec",
    "All times are in seconds, fractions allowed. A field without a default may be left out unless it is required.",
    table(["field", "type", "default", "bounds", "meaning"], rowsOf(specSchema, "").map(fieldRow)),
    "## What is refused",
    refusals,
    table(["field", "rule (CEL)", "message"], rulesOf(specSchema, "spec").map(ruleRow)),
    "## What only the operator can check",
    unchecked,
    "## Annotations",
    "Set by a person, on the WorkerAutoscaler. Any other name under `millrace.dev/` is told to be unknown: a pause that is misspelt would not pause.",
    table(
      ["annotation", "value", "meaning"],
      pauseAnnotations.map(({ name, value, meaning }) => [code(name), code(value), meaning]),
    ),
    "## kubectl get wa",
    "`wa` is the short name; `kubectl get all` lists it too. `-o wide` shows all columns. There is no `kubectl scale wa`: the count is the target's; to set it by hand, scale the target or annotate `millrace.dev/paused-replicas`.",
    table(
      ["column", "from", "meaning"],
      (version?.additionalPrinterColumns ?? []).map((column) => [
        "priority" in column ? `${column.name} (wide)` : column.name,
        code(column.jsonPath),
        column.description,
      ]),
    ),
    "## status",
    "What is absent is not known, never zero. Seconds and rates are numbers; a ratio is text, as in the spec.",
    table(
      ["field", "type", "meaning"],
      rowsOf(status, "")
        .filter(
          ({ path }) => !/^(lastDecision|history\[\])\../.test(path) || path.startsWith("lastDecision."),
        )
        .map(({ path, schema }) => [code(path), typeOf(schema), schema.description ?? ""]),
    ),
    "Each entry of `history` has the fields of `lastDecision`.",
    "### Conditions",
    "True is good for the first four; for the others True means that the thing named is so. Each has a reason in one word and a message with the remedy.",
    table(
      ["condition", "True means"],
      Object.entries(conditions).map(([type, meaning]) => [code(type), meaning]),
    ),
    "### Reasons of decisions",
    "The same word stands in the column Reason, in logs, Events and metrics. The list grows.",
    table(
      ["reason", "meaning"],
      Object.entries(REASONS).map(([reason, meaning]) => [code(reason), meaning]),
    ),
  ].join("\n\n")}\n`;
}

const intro = `A promise in seconds for the jobs of some RabbitMQ queues, kept by scaling the workers that consume them. Kind
\`WorkerAutoscaler\`, API version \`millrace.dev/v1alpha1\`, namespaced; the target is in the same namespace. Kubernetes 1.29 or
later. On a machine without Kubernetes the operator reads the same documents from files (\`millrace operator --config\`), with the
same defaults and the same refusals. A few lines are enough:`;

const refusals = `The API server refuses at once, naming the field: a value of another type, outside its bounds or not among the
words listed, a required field that is missing, a field that does not exist (\`kubectl apply\` validates strictly), two schedules of
one name, and what breaks one of these rules. A document in a file is refused with the same words.`;

const unchecked = `These need more than the API server knows. Such a resource is stored, and its condition \`Ready\` is False with
the field and the remedy in its message; the count is left as it is, and other autoscalers are not affected:

- \`schedules[].timezone\` is no IANA time zone, or \`schedules[].start\` is no cron expression of five fields;
- \`queues[].pattern\` is bounded but no regular expression;
- an annotation under \`millrace.dev/\` is misspelt or has a value that is not understood;
- \`broker\` is not named in the operator's configuration, or may not be used from this namespace or for this vhost;
- \`floor.promql\` is not understood by Prometheus;
- a field of a newer version, stored while its definition was installed, that this operator does not know.`;

type Row = { readonly path: string; readonly schema: StructuralSchema; readonly isRequired: boolean };

/** Every field below a schema, an object before its fields; \`a.b\`, \`list[].c\`. */
function rowsOf(schema: StructuralSchema, prefix: string): readonly Row[] {
  const inner = schema.items ?? schema;
  const dot = prefix === "" ? "" : `${prefix}${schema.items === undefined ? "" : "[]"}.`;
  return Object.entries(inner.properties ?? {}).flatMap(([name, property]) => {
    const path = `${dot}${name}`;
    const isRequired = inner.required?.includes(name) ?? false;
    return [{ path, schema: property, isRequired }, ...rowsOf(property, path)];
  });
}

function fieldRow({ path, schema, isRequired }: Row): readonly string[] {
  const preset =
    schema.default === undefined ? (isRequired ? "required" : "-") : code(JSON.stringify(schema.default));
  return [code(path), typeOf(schema), preset, boundsOf(schema), schema.description ?? ""];
}

function typeOf({ type = "", items }: StructuralSchema): string {
  if (items === undefined) return type;
  return items.type === "object" ? "list of objects" : `list of ${items.type}s`;
}

function boundsOf(schema: StructuralSchema): string {
  const { minimum, exclusiveMinimum, maximum, minLength = 0, maxLength, minItems = 0, maxItems } = schema;
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  if (minimum !== undefined && maximum !== undefined)
    return `${exclusiveMinimum ? "above " : ""}${minimum} to ${maximum}`;
  if (maxItems !== undefined) return `${minItems} to ${maxItems} entries`;
  if (maxLength === undefined) return "";
  return minLength === 0 ? `at most ${maxLength} characters` : `${minLength} to ${maxLength} characters`;
}

type Rule = { readonly path: string; readonly rule: string; readonly message: string };

function rulesOf(schema: StructuralSchema, path: string): readonly Rule[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ rule, message }) => ({
    path,
    rule,
    message,
  }));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesOf(property, `${path}.${name}`),
  );
  return [...own, ...fields, ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`))];
}

const ruleRow = ({ path, rule, message }: Rule): readonly string[] => [code(path), code(rule), message];

/** A bar inside a cell would end it, in code too. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
