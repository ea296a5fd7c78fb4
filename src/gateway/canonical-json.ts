/** Deeper nesting is refused: each level costs stack. */
const MAX_DEPTH = 200;

/**
 * One text for all JSON texts of the same value: object keys sorted by code unit, no white space.
 *
 * @param value as JSON.parse gave it
 * @throws RangeError for more than 200 levels of nesting
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${write(member, depth + 1)}`);
  return `{${members.join(",")}}`;
}
