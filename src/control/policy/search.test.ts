import fc from "fast-check";
import { expect, test } from "vitest";
import { cheapest } from "./search.ts";

test("the least of a convex cost is found on either side within 24 looks", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 300 }),
      (start, end, best) => {
        let looks = 0;
        const found = cheapest(
          (n) => {
            looks += 1;
            return (n - best) ** 2;
          },
          { start, end },
        );
        const [low, high] = [Math.min(start, end), Math.max(start, end)];
        expect(Math.abs(found - Math.max(low, Math.min(high, best)))).toBeLessThanOrEqual(
          best < low || best > high ? 0.1 * (high - low) + 1 : 1,
        );
        expect(looks).toBeLessThanOrEqual(26);
      },
    ),
  );
});

test("a cost that only rises, or is no number, leaves the count as it is", () => {
  expect(cheapest((n) => n, { start: 5, end: 50 })).toBe(5);
  expect(cheapest(() => Number.NaN, { start: 5, end: 50 })).toBe(5);
  expect(cheapest((n) => n, { start: 5, end: 5 })).toBe(5);
});
