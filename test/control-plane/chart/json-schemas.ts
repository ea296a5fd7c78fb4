import { writeFileSync } from "node:fs";
import { join } from "node:path";

type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly Kind[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
};
type Kind = { readonly group: string; readonly version: string; readonly kind: string };

/**
 * Writes the API server's OpenAPI document as JSON schemas by the names that kubeconform looks for, closed against unknown
 * fields; answers with their names.
 */
export const writeSchemas = (openapi: string, folder: string): readonly string[] => {
  const { definitions } = JSON.parse(openapi) as { definitions: Readonly<Record<string, Schema>> };
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, closed(schema)]),
  );
  writeFileSync(join(folder, "_definitions.json"), JSON.stringify({ definitions: strict }));
  return Object.entries(definitions).flatMap(([name, { "x-kubernetes-group-version-kind": kinds = [] }]) =>
    kinds.map((kind) => {
      const file = fileOf(kind);
      writeFileSync(join(folder, file), JSON.stringify({ $ref: `_definitions.json#/definitions/${name}` }));
      return file;
    }),
  );
};

/** `deployment-apps-v1.json`, `pod-v1.json`: kubeconform's kind and suffix, with the first word of the group. */
const fileOf = ({ group, version, kind }: Kind): string =>
  `${[kind, group.split(".")[0], version]
    .filter((part) => part !== "")
    .join("-")
    .toLowerCase()}.json`;

const closed = (schema: Schema): Schema | boolean => {
  if (schema.$ref !== undefined) return { $ref: schema.$ref };
  if (schema.format === "int-or-string") return { type: ["string", "integer"] } as never;
  const { properties, items, additionalProperties } = schema;
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true || properties === undefined;
  return {
    ...schema,
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [name, closed(one)]),
      ) as never,
    }),
    ...(items !== undefined && { items: closed(items) as never }),
    ...(typeof additionalProperties === "object" && {
      additionalProperties: closed(additionalProperties) as never,
    }),
    ...(!isOpen && { additionalProperties: false }),
  };
};
