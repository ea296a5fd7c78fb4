import { expect, test } from "vitest";
import { warmAdvice } from "./warm-advice.ts";

test("names the bound to move, and both where more is needed than is allowed", () => {
  expect(warmAdvice(5, { min: 0, max: 5 })).toBe(
    "Reacting alone cannot keep the promise: set spec.replicas.min to 5 (it is 0), or promise a longer wait.",
  );
  expect(warmAdvice(6, { min: 1, max: 5 })).toBe(
    "Reacting alone cannot keep the promise: set spec.replicas.min to 6 (it is 1) and spec.replicas.max to at least 6 (it is 5), or promise a longer wait.",
  );
});

test("does not ask for what is there: the late jobs may be from before", () => {
  expect(warmAdvice(5, { min: 5, max: 9 })).toBe(
    "spec.replicas.min is 5, and 5 should do: if jobs go on starting late, promise a longer wait.",
  );
});
