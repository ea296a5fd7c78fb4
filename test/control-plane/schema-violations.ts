import type { StructuralSchema } from "../../src/resource/custom-resource-definition.ts";

type Path = readonly (string | number)[];
/** One way to break one limit of the schema. `path` is what the refusal must name. */
export type Violation = {
  readonly title: string;
  readonly path: string;
  readonly change: (root: object) => void;
};

/** For every type, bound, enum, required field and object of a schema, a change to `document` that breaks only that. */
export function violationsOf(schema: StructuralSchema, document: unknown, path: Path): readonly Violation[] {
  const byTitle = new Map(
    allViolationsOf(schema, document, path).map((violation) => [violation.title, violation]),
  );
  return [...byTitle.values()];
}

/** Some twice: the fields of an item are gone through one by one. */
function allViolationsOf(schema: StructuralSchema, document: unknown, path: Path): readonly Violation[] {
  const { properties = {}, required = [], items } = schema;
  const wrong = wrongValues(schema).map(([title, value]) =>
    violation(`${pathText(path)} ${title}`, path, (parent, key) => Reflect.set(parent, key, value)),
  );
  const missing = required.map((name) => {
    const field = [...path, name];
    return violation(`${pathText(field)} left out`, field, (parent, key) =>
      Reflect.deleteProperty(parent, key),
    );
  });
  const unknown =
    Object.keys(properties).length === 0
      ? []
      : [
          violation(pathText([...path, "misspelt"]), [...path, "misspelt"], (parent, key) =>
            Reflect.set(parent, key, 1),
          ),
        ];
  const inner = Object.entries(properties).flatMap(([name, property]) =>
    allViolationsOf(property, at(document, [name]), [...path, name]),
  );
  const ofItems = items === undefined ? [] : itemViolations(items, document, path);
  return [...wrong, ...missing, ...unknown, ...inner, ...ofItems];
}

/** An item's field is broken in the first item that has it. */
function itemViolations(items: StructuralSchema, list: unknown, path: Path): readonly Violation[] {
  const length = Array.isArray(list) ? list.length : 0;
  return Object.entries(items.properties ?? {}).flatMap(([name, property]) => {
    const index = Math.max(
      0,
      Array.from({ length }, (_, one) => one).findIndex((one) => at(list, [one, name]) !== undefined),
    );
    const required = items.required?.includes(name) ? { required: [name] } : {};
    return violationsOf({ properties: { [name]: property }, ...required }, at(list, [index]), [
      ...path,
      index,
    ]);
  });
}

function wrongValues(schema: StructuralSchema): readonly (readonly [title: string, value: unknown])[] {
  const { type, minimum = Number.NaN, exclusiveMinimum, maximum = Number.NaN } = schema;
  const { minLength, maxLength = 0, minItems, maxItems = 0 } = schema;
  const values: readonly (readonly [applies: boolean, title: string, value: unknown])[] = [
    [type !== undefined, "of another type", type === "string" ? 7 : "text"],
    [type === "integer", "half", Math.max(0, minimum) + 0.5],
    [!Number.isNaN(minimum), "too small", exclusiveMinimum ? minimum : minimum - 1],
    [!Number.isNaN(maximum), "too large", maximum + 1],
    [minLength !== undefined, "empty", ""],
    [maxLength > 0, "too long", "a".repeat(maxLength + 1)],
    [minItems !== undefined, "empty", []],
    [maxItems > 0, "too long", Array.from({ length: maxItems + 1 }, () => ({}))],
    [schema.enum !== undefined, "of an unknown word", "Other"],
  ];
  return values.flatMap(([applies, title, value]) => (applies ? [[title, value]] : []));
}

function violation(
  title: string,
  path: Path,
  change: (parent: object, key: string | number) => void,
): Violation {
  return {
    title,
    path: pathText(path),
    change: (root) => {
      const parent = at(root, path.slice(0, -1));
      if (typeof parent !== "object" || parent === null) throw new Error(`nothing at ${pathText(path)}`);
      change(parent, path.at(-1) ?? "");
    },
  };
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

const pathText = (path: Path): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .slice(1);
