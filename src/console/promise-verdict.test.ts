import { describe, expect, test } from "vitest";
import { slowStarts } from "../../test/fakes/slow-starts.ts";
import { feasibilityOf } from "../control/policy/feasibility.ts";
import type { Condition } from "./contract.ts";
import { judge, type PromiseFacts } from "./promise-verdict.ts";

const condition = (type: string, status: Condition["status"], text: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: "Reason",
  message: `${type} is ${status}.`,
  lastTransitionTime: "2026-11-21T12:00:00.000Z",
  ...text,
});

const met = condition("ObjectiveMet", "True", {
  message: "97 % of the jobs started within 5 s; 95 % are promised.",
});
const missed = condition("ObjectiveMet", "False", {
  message: "88 % of the jobs started within 5 s; 95 % are promised.",
});
const unmeasured = condition("ObjectiveMet", "Unknown", {
  message: "The share of jobs that started in time is not known.",
});

/** All is well, but for `given`; conditions replace those of the same type. */
function judged(given: Partial<PromiseFacts> = {}) {
  const usual = [condition("Ready", "True"), met, condition("Paused", "False")];
  const { conditions = [], ...facts } = given;
  const types = new Set(conditions.map(({ type }) => type));
  return judge({
    spec: {
      objective: { waitSeconds: 5, attainmentRatio: 0.95 },
      replicas: { min: 0, max: 10 },
    },
    ageSeconds: 1,
    staleAfterSeconds: 30,
    starting: 0,
    feasibility: { kind: "feasible" },
    limitedBy: [],
    predictedWaitSeconds: 0.42,
    backlog: 0,
    ...facts,
    conditions: [...usual.filter(({ type }) => !types.has(type)), ...conditions],
  });
}

/** The facts with one of them not known. */
function withoutFact(name: "ageSeconds" | "predictedWaitSeconds", conditions: readonly Condition[] = []) {
  const usual = { ageSeconds: 1, predictedWaitSeconds: 0.42, backlog: 0 };
  const { [name]: _dropped, ...left } = usual;
  return judge({
    spec: {
      objective: { waitSeconds: 5, attainmentRatio: 0.95 },
      replicas: { min: 0, max: 10 },
    },
    staleAfterSeconds: 30,
    starting: 0,
    feasibility: { kind: "unknown" },
    limitedBy: [],
    conditions: [condition("Ready", "True"), ...conditions],
    ...left,
  });
}

describe("the promise is kept", () => {
  test("when what was measured says so, with what a job may expect now", () => {
    expect(judged()).toEqual({
      verdict: "kept",
      sentence:
        "97 % of the jobs started within 5 s; 95 % are promised. A job that comes now starts within about 0.5 s.",
    });
  });

  test("as far as is known, when nothing was measured and a job that comes now need not wait long", () => {
    expect(judged({ conditions: [unmeasured] })).toEqual({
      verdict: "kept",
      sentence: `A job that comes now starts within about 0.5 s. ${unmeasured.message}`,
    });
  });

  test("when no job waits and nothing else is known", () => {
    expect(withoutFact("predictedWaitSeconds", [unmeasured])).toEqual({
      verdict: "kept",
      sentence: `No job waits. ${unmeasured.message}`,
    });
  });
});

describe("the promise is broken", () => {
  test("when fewer jobs than promised started in time, and the sentence tells whether it goes on", () => {
    expect(judged({ conditions: [missed] })).toEqual({
      verdict: "broken",
      sentence: `${missed.message} A job that comes now starts within about 0.5 s.`,
    });
    expect(judged({ conditions: [missed], predictedWaitSeconds: 42.4, limitedBy: ["max"] })).toEqual({
      verdict: "broken",
      sentence: `${missed.message} A job that comes now starts within about 43 s, and 5 s are promised: no more than 10 replicas are allowed (spec.replicas.max).`,
    });
  });
});

describe("the promise is at risk", () => {
  test.each([
    [{ limitedBy: ["scale-out-blocked"], reason: "scale-out-disabled" }, ": scale-out is switched off."],
    [
      { limitedBy: ["scale-out-blocked"], reason: "scale-out-pacing", starting: 2 },
      ": 2 more replicas are starting.",
    ],
    [
      { limitedBy: ["ineffective"] },
      ": more replicas bring no more throughput, as something downstream limits it.",
    ],
    [{ limitedBy: ["scale-in-hold"], starting: 1 }, ": 1 more replica is starting."],
    [{ starting: 3 }, ": 3 more replicas are starting."],
    [{}, "."],
  ] as const)("when a job that comes now will wait too long: %j", (given, why) => {
    expect(judged({ ...given, predictedWaitSeconds: 9.96 })).toEqual({
      verdict: "at-risk",
      sentence: `A job that comes now starts within about 10 s, and 5 s are promised${why}`,
    });
  });

  test("not when the wait is exactly the promised one", () => {
    expect(judged({ predictedWaitSeconds: 5 }).verdict).toBe("kept");
    expect(judged({ predictedWaitSeconds: 5.001 })).toMatchObject({
      verdict: "at-risk",
      sentence: expect.stringContaining("within about 5.1 s, and 5 s are promised"),
    });
  });

  test("not when it starts at once", () => {
    expect(judged({ predictedWaitSeconds: 0.01 }).sentence).toMatch(/A job that comes now starts at once\.$/);
  });

  test("when replicas that were asked for do not come", () => {
    const blocked = condition("CapacityBlocked", "True", { message: "2 replicas fail: image pull." });
    expect(judged({ conditions: [blocked] })).toEqual({
      verdict: "at-risk",
      sentence: "2 replicas fail: image pull.",
    });
  });

  test("when reacting cannot keep it, with the warm replicas that would", () => {
    expect(judged({ feasibility: feasibilityOf(slowStarts) })).toEqual({
      verdict: "at-risk",
      sentence:
        "A start-up takes 42.0 s, the promise is 5 s, and 40 % of the jobs started late. Warm replicas needed: 3.",
    });
  });
});

describe("whether the promise is kept is not known", () => {
  test("before the first look", () => {
    expect(withoutFact("ageSeconds", [])).toEqual({ verdict: "unknown", sentence: "Ready is True." });
  });

  test("when the last look is too old, whatever it saw", () => {
    expect(judged({ ageSeconds: 30 }).verdict).toBe("kept");
    expect(judged({ ageSeconds: 31, conditions: [missed] })).toEqual({
      verdict: "unknown",
      sentence: "It was last looked at 31 s ago; what has happened since is not known.",
    });
  });

  test("when the queues or the target are not known: the condition says which", () => {
    const blind = condition("Ready", "False", { message: "The ready count of jobs.x is not known." });
    expect(judged({ conditions: [blind, missed] })).toEqual({
      verdict: "unknown",
      sentence: "The ready count of jobs.x is not known.",
    });
  });

  test("when nothing was measured and jobs wait", () => {
    const { verdict } = judge({
      spec: {
        objective: { waitSeconds: 5, attainmentRatio: 0.95 },
        replicas: { min: 0, max: 10 },
      },
      ageSeconds: 1,
      staleAfterSeconds: 30,
      starting: 0,
      feasibility: { kind: "unknown" },
      limitedBy: [],
      backlog: 3,
      conditions: [condition("Ready", "True"), unmeasured],
    });
    expect(verdict).toBe("unknown");
  });
});

describe("an autoscaler that changes nothing", () => {
  test("is paused, and still tells what was measured", () => {
    const pause = condition("Paused", "True", { message: "millrace.dev/paused keeps the count as it is." });
    expect(judged({ conditions: [pause, missed], predictedWaitSeconds: 60 })).toEqual({
      verdict: "paused",
      sentence: `${pause.message} ${missed.message}`,
    });
  });

  test("is paused while another scaler owns its target, but not for another writer of its count", () => {
    const owned = condition("TargetConflict", "True", {
      reason: "OwnedByOther",
      message: "HPA x scales it.",
    });
    expect(judged({ conditions: [owned] })).toMatchObject({ verdict: "paused" });
    const written = condition("TargetConflict", "True", { reason: "OtherWriter" });
    expect(judged({ conditions: [written] })).toMatchObject({ verdict: "kept" });
  });
});
