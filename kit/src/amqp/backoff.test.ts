import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("doubles with each failure, up to the maximum", () => {
  const range = { minMs: 50, maxMs: 1_000 };
  expect([0, 1, 2, 3, 4, 5, 50].map((failures) => backoffMs(range, failures, 1))).toEqual([
    50, 100, 200, 400, 800, 1_000, 1_000,
  ]);
});

test("waits between half of it and all of it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const waitMs = backoffMs({ minMs: 50, maxMs: 30_000 }, failures, random);
        expect(waitMs).toBeGreaterThanOrEqual(25);
        expect(waitMs).toBeLessThanOrEqual(30_000);
      },
    ),
  );
});
