import { expect, test } from "vitest";
import { compileOperatorOptions } from "./options.ts";

test("the defaults are the documented ones", () => {
  expect(compileOperatorOptions({})).toEqual({
    cyclePeriodMs: 2_000,
    fastPathPeriodMs: 500,
    readDeadlineMs: 1_500,
    staleAfterSeconds: 30,
    decisionsKept: 100,
    saveIntervalMs: 30_000,
    saveDeadlineMs: 6_000,
  });
});

test("every value out of range is named at once", () => {
  const wrong = {
    cycleSeconds: 0,
    readDeadlineSeconds: 31,
    staleAfterSeconds: Number.NaN,
    decisionsKept: 99,
  };
  expect(() => compileOperatorOptions(wrong)).toThrow(
    expect.objectContaining({
      problems: [
        "cycleSeconds: expected 0.1 to 60, got 0",
        "readDeadlineSeconds: expected 0.05 to 30, got 31",
        "staleAfterSeconds: expected 1 to 3600, got NaN",
        "decisionsKept: expected 100 to 1000, got 99",
      ],
    }),
  );
});
