import { isCollection, isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";

/** One key of the chart's values.yaml. A section has keys of its own, a setting has a default and a description. */
export type ChartValue =
  | { readonly kind: "section"; readonly path: readonly string[]; readonly keys: readonly ChartValue[] }
  | {
      readonly kind: "setting";
      readonly path: readonly string[];
      readonly description: string;
      readonly preset: unknown;
      /** What "@schema" adds to the type of the default. */
      readonly schema: Readonly<Record<string, unknown>>;
    };

const SCHEMA_TAG = "@schema";

/**
 * Reads the commented values: a comment describes the key below it; a line of it that begins with "@schema" adds to its
 * JSON schema. A mapping without such a line is a section.
 *
 * @throws Error naming each setting without a description
 */
export function chartValuesOf(text: string): readonly ChartValue[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new AggregateError(document.errors, "values.yaml is no YAML");
  if (!isMap(document.contents)) throw new Error("values.yaml: expected a mapping");
  const values = keysOf(document.contents, []);
  const silent = settingsOf(values).filter(({ description }) => description === "");
  if (silent.length > 0) {
    throw new Error(`values.yaml: no comment above ${silent.map(({ path }) => path.join(".")).join(", ")}`);
  }
  return values;
}

/** The settings of all sections, in their order. */
export function settingsOf(
  values: readonly ChartValue[],
): readonly (ChartValue & { readonly kind: "setting" })[] {
  return values.flatMap((value) => (value.kind === "section" ? settingsOf(value.keys) : [value]));
}

function keysOf(map: YAMLMap, path: readonly string[]): readonly ChartValue[] {
  return map.items.map((pair, index) => valueOf(pair as Pair<Node, Node | null>, map, { path, index }));
}

function valueOf(
  { key, value }: Pair<Node, Node | null>,
  map: YAMLMap,
  { path, index }: { readonly path: readonly string[]; readonly index: number },
): ChartValue {
  if (!isScalar(key)) throw new Error(`values.yaml: a key of ${path.join(".")} is no text`);
  // The comment above the first key of a mapping belongs to the mapping.
  const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined) ?? "";
  const lines = comment.split("\n").map((line) => line.trim());
  const tag = lines.find((line) => line.startsWith(SCHEMA_TAG));
  const own = [...path, String(key.value)];
  if (tag === undefined && isMap(value)) return { kind: "section", path: own, keys: keysOf(value, own) };
  return {
    kind: "setting",
    path: own,
    description: lines
      .filter((line) => line !== tag)
      .join(" ")
      .trim(),
    preset: isCollection(value) || isScalar(value) ? (value.toJSON() as unknown) : null,
    schema:
      tag === undefined
        ? {}
        : (parseDocument(tag.slice(SCHEMA_TAG.length)).toJS() as Record<string, unknown>),
  };
}
