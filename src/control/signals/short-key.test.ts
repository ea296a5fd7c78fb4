import { expect, test } from "vitest";
import { shortKey } from "./short-key.ts";

test("a short identifier stays as it is", () => {
  expect(shortKey("jobs.image")).toBe("jobs.image");
});

test("a long identifier becomes one of at most 16 characters that differs from its neighbours'", () => {
  const keys = Array.from({ length: 2000 }, (_, i) => shortKey(`broker/production/jobs.image.resize.${i}`));
  expect(new Set(keys).size).toBe(2000);
  expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(16);
});
