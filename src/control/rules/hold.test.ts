import { expect, test } from "vitest";
import { holdLeftSeconds, largestWish, newHold, withWish } from "./hold.ts";

test("the largest wish of the hold counts, and nothing before the hold was watched throughout", () => {
  let hold = newHold(0);
  for (const [t, wish] of [
    [0, 9],
    [2, 4],
    [4, 6],
    [6, 3],
  ] as const)
    hold = withWish(hold, t, wish, 6);
  expect(hold.wishes).toEqual([
    [0, 9],
    [4, 6],
    [6, 3],
  ]);
  expect(largestWish(hold, 5, 6)).toBeUndefined();
  expect(largestWish(hold, 6, 6)).toBe(9);
  expect(largestWish(withWish(hold, 8, 3, 6), 8, 6)).toBe(6);
});

test("a wish that keeps falling is remembered in at most 16 steps, never lower than it was", () => {
  let hold = newHold(0);
  for (let t = 0; t <= 300; t += 2) hold = withWish(hold, t, 1000 - t, 600);
  expect(hold.wishes.length).toBeLessThanOrEqual(16);
  expect(hold.wishes[0]?.[1]).toBe(1000);
  expect(largestWish({ ...hold, since: -600 }, 300, 600)).toBe(1000);
});

test("lasts until the last wish for as many is as old as the hold, and has been watched for so long", () => {
  const hold = [
    [0, 9],
    [4, 6],
    [6, 3],
  ].reduce((memory, [t = 0, wish = 0]) => withWish(memory, t, wish, 60), newHold(0));
  expect(holdLeftSeconds(hold, 6, { holdSeconds: 60, replicas: 9 })).toBe(54);
  expect(holdLeftSeconds(hold, 6, { holdSeconds: 60, replicas: 6 })).toBe(58);
  expect(holdLeftSeconds(hold, 6, { holdSeconds: 60, replicas: 5 })).toBe(58);
  expect(holdLeftSeconds({ ...hold, since: 5 }, 6, { holdSeconds: 60, replicas: 9 })).toBe(59);
});

test("no hold looks at the present wish only", () => {
  expect(largestWish(withWish(newHold(0), 0, 5, 0), 0, 0)).toBe(5);
});
