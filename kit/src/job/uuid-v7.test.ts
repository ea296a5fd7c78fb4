import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidV7 } from "./uuid-v7.ts";

const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

test("an id has the form of a version 7 UUID", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), bytes, (ms, random) => {
      expect(uuidV7(ms, random)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }),
  );
});

test("a later id sorts later", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1, max: 1e9 }),
      bytes,
      (ms, later, random) => {
        expect(uuidV7(ms, random) < uuidV7(ms + later, random)).toBe(true);
      },
    ),
  );
});

test("too little randomness is refused", () => {
  expect(() => uuidV7(0, new Uint8Array(9))).toThrow(RangeError);
});
