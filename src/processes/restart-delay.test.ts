import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-delay.ts";

test("starts again at once after one crash, then ever later, and never later than 30 seconds", () => {
  expect([1, 2, 3, 4, 5].map(restartDelayMs)).toEqual([0, 250, 500, 1_000, 2_000]);
  expect([20, 10_000].map(restartDelayMs)).toEqual([30_000, 30_000]);
});
