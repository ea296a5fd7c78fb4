import { expect, test } from "vitest";
import { missingRetryMs } from "./missing-retry.ts";

test("few missing queues are asked for twice a second, a thousand at most twenty times a second together", () => {
  expect([1, 10, 20, 100, 1_000, 5_000].map(missingRetryMs)).toEqual([
    500, 500, 1_000, 5_000, 50_000, 60_000,
  ]);
});
