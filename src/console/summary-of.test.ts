import { describe, expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { Autoscaler } from "../operator/autoscaler.ts";
import { pointOf, summaryOf } from "./summary-of.ts";

const atMs = 1_800_000_000_900;
const moment = { nowMs: atMs, staleAfterSeconds: 30 };

/** Looked at once; `ready` by queue, absent = not known. */
function lookedAt(ready: Readonly<Record<string, number | undefined>>): Autoscaler {
  const resource = autoscalerResource({ queues: Object.keys(ready).map((name) => ({ name })) });
  const autoscaler = new Autoscaler(resource, { saved: undefined, decisionsKept: 100, nowMs: atMs });
  const queues = autoscaler.queues.flatMap(({ ref }) => {
    const count = ready[ref.name];
    return count === undefined ? [] : [[ref.key, { ageSeconds: 0, epoch: "1", ready: count }] as const];
  });
  autoscaler.decide({
    broker: { sample: { queues: new Map(queues) }, atMs },
    fleet: {
      kind: "observed",
      fleet: { desired: 2, ready: 1, draining: 0, starting: [], uncreated: 0, rollout: false },
    },
    staleAfterSeconds: 30,
    nowMs: atMs,
  });
  return autoscaler;
}

describe("the backlog", () => {
  test("is the sum over the queues", () => {
    expect(summaryOf(lookedAt({ a: 3, b: 4 }), moment).backlog).toBe(7);
  });

  test("is not known when one queue is not, and is not told as less", () => {
    const autoscaler = lookedAt({ a: 3, b: undefined });
    expect(summaryOf(autoscaler, moment)).not.toHaveProperty("backlog");
    expect(pointOf(autoscaler)?.backlog).toBeNull();
  });
});

test("a point is a whole second, and what is not known of it is null", () => {
  expect(pointOf(lookedAt({ a: 0 }))).toMatchObject({
    time: 1_800_000_000,
    desired: 2,
    ready: 1,
    objectiveSeconds: 5,
  });
  const autoscaler = new Autoscaler(autoscalerResource(), {
    saved: undefined,
    decisionsKept: 100,
    nowMs: atMs,
  });
  expect(pointOf(autoscaler)).toBeUndefined();
  autoscaler.decide({
    fleet: { kind: "unknown", because: "gone" },
    staleAfterSeconds: 30,
    nowMs: atMs,
  });
  expect(pointOf(autoscaler)).toMatchObject({ backlog: null, desired: null, ready: null, waitSeconds: null });
  expect(summaryOf(autoscaler, moment).replicas).toEqual({ min: 0, max: 10 });
});
