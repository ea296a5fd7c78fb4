import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("keys are sorted at every level and white space is gone", () => {
  expect(canonicalJson(JSON.parse('{ "b": [1, {"d": 1, "c": null}], "a": "x" }'))).toBe(
    '{"a":"x","b":[1,{"c":null,"d":1}]}',
  );
});

test("it is JSON of the same value, and the order of keys makes no difference", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = canonicalJson(value);
      const reversed = Object.fromEntries(Object.entries(value).toReversed());
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed)).toBe(text);
    }),
  );
});

test("different values have different texts", () => {
  const texts = ["1", '"1"', "[1]", "{}", "[]", "null", '{"a":1}', '{"a":[1]}'].map((text) =>
    canonicalJson(JSON.parse(text)),
  );
  expect(new Set(texts).size).toBe(texts.length);
});

test("nesting beyond the bound is refused before it costs the stack", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  expect(canonicalJson(nested(200))).toHaveLength(400);
  expect(() => canonicalJson(nested(100_000))).toThrow(RangeError);
});
