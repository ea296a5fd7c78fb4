import { expect, test } from "vitest";
import { corrected, correctionAt } from "./correction.ts";

test("a correction grows evenly over the time it is about, and stays", () => {
  const fewer = [{ from: 10, until: 20, jobs: -6 }];
  expect([5, 10, 15, 20, 30].map((t) => correctionAt(fewer, t) + 0)).toEqual([0, 0, -3, -6, -6]);
  expect(correctionAt([...fewer, { from: 0, until: 10, jobs: 4 }], 15)).toBe(1);
});

test("one about a single moment counts from it on", () => {
  expect([9, 10].map((t) => correctionAt([{ from: 10, until: 10, jobs: 2 }], t))).toEqual([0, 2]);
});

test("the history loses what was guessed too high, where it was guessed, and never falls", () => {
  const history = { times: [0, 10, 20, 30], values: [0, 5, 15, 25] };
  expect(corrected(history, [{ from: 10, until: 30, jobs: -20 }]).values).toEqual([0, 5, 5, 5]);
  expect(corrected(history, [{ from: 0, until: 20, jobs: 10 }]).values).toEqual([0, 10, 25, 35]);
  expect(corrected(history, [])).toBe(history);
});
