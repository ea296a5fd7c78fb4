import type { ChartValue } from "./chart-values.ts";
import { definitions, sectionRules } from "./schema-definitions.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The chart's values.schema.json: draft-07, which is what Helm before 3.18 knows; a misspelt key is refused everywhere. */
export function valuesSchemaOf(values: readonly ChartValue[]): string {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the chart millrace",
    ...sectionSchema(values),
    definitions,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function sectionSchema(values: readonly ChartValue[]): Schema {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(values.map((value) => [value.path.at(-1), schemaOf(value)])),
  };
}

function schemaOf(value: ChartValue): Schema {
  if (value.kind === "section") {
    return { ...sectionSchema(value.keys), ...sectionRules[value.path.join(".")] };
  }
  const { description, preset, schema } = value;
  // Beside "$ref" draft-07 ignores everything, and so the description goes where it is read.
  if ("$ref" in schema) return { description, allOf: [schema], default: preset };
  return { description, type: typeOf(preset), ...closed(preset), ...schema, default: preset };
}

function closed(preset: unknown): Schema {
  return typeOf(preset) === "object" ? { additionalProperties: false } : {};
}

function typeOf(preset: unknown): string {
  if (preset === null) return "null";
  if (Array.isArray(preset)) return "array";
  if (typeof preset === "number") return Number.isInteger(preset) ? "integer" : "number";
  return typeof preset;
}
