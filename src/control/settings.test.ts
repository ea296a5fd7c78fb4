import { expect, test } from "vitest";
import type { Spec } from "./contract.ts";
import { settingsOf } from "./settings.ts";
import { SpecError } from "./spec-error.ts";

const spec: Spec = { objective: { waitSeconds: 10, attainmentRatio: 0.9 }, replicas: { min: 1, max: 5 } };
const problemsOf = (wrong: unknown): readonly string[] => {
  try {
    settingsOf(wrong as Spec);
    return [];
  } catch (error) {
    return error instanceof SpecError ? error.problems : [];
  }
};

test("defaults are filled in", () => {
  expect(settingsOf(spec)).toMatchObject({
    attainmentRatio: 0.9,
    staleAfterSeconds: 30,
    scaleInEnabled: true,
    scaleOutEnabled: true,
    idleOnly: false,
    holdSeconds: undefined,
    scaleInMaxStep: Number.MAX_SAFE_INTEGER,
  });
  const without = { ...spec, objective: { waitSeconds: 10 } } as unknown as Spec;
  expect(settingsOf(without).attainmentRatio).toBe(0.95);
});

test("every field out of range is named at once, with what was expected and what came", () => {
  const wrong = {
    objective: { waitSeconds: 0, attainmentRatio: 1 },
    replicas: { min: 1.5, max: -1 },
    slotsPerReplica: 0,
    expectedServiceSeconds: Number.NaN,
    staleAfterSeconds: -1,
    scaleIn: { holdSeconds: -1, toZeroAfterSeconds: Number.POSITIVE_INFINITY, maxStep: 0 },
    scaleOut: { maxStep: 0.5 },
    paused: { replicas: -1 },
    floor: { replicas: Number.NaN, because: "" },
    schedules: [{ name: "a", active: true, minReplicas: -2 }],
    fallback: { afterSeconds: -1, behavior: "Static", replicas: -1 },
  };
  const fields = problemsOf(wrong).map((problem) => problem.split(":")[0]);
  expect(fields).toEqual([
    "objective.waitSeconds",
    "objective.attainmentRatio",
    "replicas.min",
    "replicas.max",
    "slotsPerReplica",
    "expectedServiceSeconds",
    "staleAfterSeconds",
    "scaleIn.holdSeconds",
    "scaleIn.toZeroAfterSeconds",
    "scaleIn.maxStep",
    "scaleOut.maxStep",
    "paused.replicas",
    "floor.replicas",
    "schedules[0].minReplicas",
    "fallback.afterSeconds",
    "fallback.replicas",
    "replicas.min",
  ]);
  expect(problemsOf(wrong)[0]).toBe("objective.waitSeconds: expected above 0, got 0");
});

test("min above max, an unknown behaviour and a missing objective are named", () => {
  expect(problemsOf({ ...spec, replicas: { min: 6, max: 5 } })).toEqual([
    "replicas.min: expected at most replicas.max (5), got 6",
  ]);
  expect(problemsOf({ ...spec, fallback: { afterSeconds: 1, behavior: "Guess" } })[0]).toContain("got Guess");
  expect(problemsOf({ ...spec, objective: {} })[0]).toBe(
    "objective.waitSeconds: expected above 0, got undefined",
  );
});

test("the error carries a stable code and says all of it", () => {
  const error = new SpecError(["a: wrong", "b: wrong"]);
  expect(error).toMatchObject({ code: "MILLRACE_SPEC_OUT_OF_RANGE", name: "SpecError" });
  expect(error.message).toBe("Spec out of range: a: wrong; b: wrong");
});
