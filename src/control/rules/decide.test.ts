import { describe, expect, test } from "vitest";
import type { Spec } from "../contract.ts";
import { settingsOf } from "../settings.ts";
import { type DecideInput, decide, wantedReplicas } from "./decide.ts";

const settings = (part: Partial<Spec> = {}) =>
  settingsOf({
    objective: { waitSeconds: 10, attainmentRatio: 0.95 },
    replicas: { min: 2, max: 20 },
    ...part,
  });
const open = {
  rollout: false,
  stalled: false,
  complete: true,
  warm: true,
  agreed: true,
  held: 0,
  raisedByHand: false,
  leastWithoutInterruption: 0,
};
const input = (from: number, recommended: number, part: Partial<DecideInput> = {}): DecideInput => ({
  settings: settings(),
  from,
  recommended,
  reason: recommended > from ? "load" : recommended < from ? "surplus" : "steady",
  idle: false,
  fallback: undefined,
  in: open,
  out: { capacityBlocked: false, failing: 0, limit: undefined, pacing: false },
  ...part,
});
const closed = (part: Partial<DecideInput["in"]>) => ({ in: { ...open, ...part } });
const out = (part: Partial<DecideInput["out"]>) => ({
  out: { capacityBlocked: false, failing: 0, limit: undefined, pacing: false, ...part },
});

describe("the policy's count", () => {
  test("passes when nothing stands in its way", () => {
    expect(decide(input(5, 9))).toEqual({ from: 5, to: 9, reason: "load", limitedBy: [] });
    expect(decide(input(9, 5))).toEqual({ from: 9, to: 5, reason: "surplus", limitedBy: [] });
    expect(decide(input(9, 9)).reason).toBe("steady");
  });

  test.each([
    ["min", input(5, 0), 2],
    ["max", input(5, 99), 20],
  ])("stays within %s", (rule, given, to) => {
    expect(decide(given)).toMatchObject({ to, limitedBy: [rule] });
  });

  test.each([
    ["capacity", out({ capacityBlocked: true }), "capacity"],
    ["capacity", out({ failing: 4 }), "capacity"],
    ["ineffective", out({ limit: 5 }), "ineffective"],
    ["scale-out-blocked", out({ pacing: true }), "scale-out-pacing"],
    ["scale-out-blocked", { settings: settings({ scaleOut: { enabled: false } }) }, "scale-out-disabled"],
  ])("is not raised: %s", (rule, part, reason) => {
    expect(decide(input(5, 9, part))).toEqual({ from: 5, to: 5, reason, limitedBy: [rule] });
  });

  test("does not make up for replicas that fail to start", () => {
    expect(decide(input(5, 12, out({ failing: 2 })))).toMatchObject({
      to: 10,
      reason: "load",
      limitedBy: ["capacity"],
    });
    expect(decide(input(9, 5, out({ failing: 2 }))).to).toBe(5);
  });

  test("of a breaker under the present count is a scale-in", () => {
    expect(decide(input(9, 15, out({ limit: 6 })))).toMatchObject({ to: 6, reason: "ineffective" });
    expect(decide(input(9, 15, { ...out({ limit: 6 }), ...closed({ complete: false }) })).to).toBe(9);
  });

  test.each([
    ["scale-in-blocked", { settings: settings({ scaleIn: { enabled: false } }) }, "scale-in-disabled"],
    ["rollout", closed({ rollout: true }), "rollout"],
    ["scale-in-blocked", closed({ stalled: true }), "stalled"],
    ["scale-in-blocked", closed({ complete: false }), "signals-incomplete"],
    ["scale-in-blocked", closed({ warm: false }), "warming-up"],
    ["scale-in-blocked", closed({ agreed: false }), "unconfirmed"],
    ["scale-in-hold", closed({ held: undefined }), "scale-in-hold"],
    ["scale-in-hold", closed({ held: 12 }), "scale-in-hold"],
    ["scale-in-hold", closed({ raisedByHand: true }), "scale-in-hold"],
    ["scale-in-blocked", closed({ leastWithoutInterruption: 9 }), "waiting-for-idle"],
  ])("is not lowered: %s %#", (rule, part, reason) => {
    expect(decide(input(9, 5, part))).toEqual({ from: 9, to: 9, reason, limitedBy: [rule] });
  });

  test("goes to the largest wish of the hold, by no more than a step and what may be interrupted", () => {
    expect(decide(input(9, 3, closed({ held: 5 })))).toMatchObject({
      to: 5,
      reason: "surplus",
      limitedBy: ["scale-in-hold"],
    });
    expect(decide(input(9, 3, closed({ leastWithoutInterruption: 6 })))).toMatchObject({ to: 6 });
    const stepped = { settings: settings({ scaleIn: { maxStep: 2 }, scaleOut: { maxStep: 3 } }) };
    expect(decide(input(9, 3, stepped))).toMatchObject({
      to: 7,
      reason: "surplus",
      limitedBy: ["scale-in-step"],
    });
    expect(decide(input(9, 19, stepped))).toMatchObject({ to: 12, limitedBy: ["scale-out-step"] });
  });

  test("of the idle rule has had its own hold", () => {
    const zero = {
      settings: settings({ replicas: { min: 0, max: 20 } }),
      reason: "idle" as const,
      idle: true,
    };
    expect(decide(input(9, 0, { ...zero, ...closed({ held: 9 }) }))).toMatchObject({ to: 0, reason: "idle" });
    expect(decide(input(9, 0, { ...zero, ...closed({ raisedByHand: true }) })).to).toBe(9);
  });
});

describe("what others ask for", () => {
  const schedules = [
    { name: "day", active: true, minReplicas: 8 },
    { name: "night", active: false, minReplicas: 15 },
  ];

  test("an active schedule and the floor raise, never lower", () => {
    const raised = { settings: settings({ schedules, floor: { replicas: 9.2, because: "lag" } }) };
    expect(decide(input(5, 6, raised))).toMatchObject({
      to: 10,
      reason: "floor",
      limitedBy: ["schedule", "floor"],
    });
    expect(decide(input(5, 12, raised))).toMatchObject({ to: 12, limitedBy: [] });
  });

  test("max binds them, and so does a scale-out that is switched off, but for min", () => {
    const over = { settings: settings({ schedules: [{ name: "day", active: true, minReplicas: 50 }] }) };
    expect(decide(input(5, 6, over))).toMatchObject({ to: 20, limitedBy: ["max", "schedule"] });
    const off = { settings: settings({ schedules, scaleOut: { enabled: false } }) };
    expect(decide(input(5, 5, off)).to).toBe(5);
    expect(decide(input(0, 5, off)).to).toBe(2);
  });

  test("a fallback obeys min, max, steps and switches, not holds", () => {
    const blind = closed({ complete: false, held: undefined });
    expect(decide(input(9, 9, { ...blind, fallback: 4 }))).toMatchObject({
      to: 4,
      reason: "fallback",
      limitedBy: ["fallback"],
    });
    expect(decide(input(9, 9, { ...blind, fallback: 99 }))).toMatchObject({
      to: 20,
      limitedBy: ["max", "fallback"],
    });
    const stepped = { settings: settings({ scaleIn: { maxStep: 2 } }) };
    expect(decide(input(9, 9, { ...blind, ...stepped, fallback: 4 })).to).toBe(7);
    const off = { settings: settings({ scaleIn: { enabled: false } }) };
    expect(decide(input(9, 9, { ...blind, ...off, fallback: 4 })).to).toBe(9);
  });

  test("a max that was lowered binds at once, whatever is blocked", () => {
    expect(decide(input(30, 30, closed({ complete: false })))).toMatchObject({ to: 20, reason: "max" });
    const off = { settings: settings({ scaleIn: { enabled: false, maxStep: 1 } }) };
    expect(decide(input(30, 5, off)).to).toBe(20);
  });

  test("a pause beats everything: the count stays, or is the person's", () => {
    expect(decide(input(30, 5, { settings: settings({ paused: {} }) }))).toEqual({
      from: 30,
      to: 30,
      reason: "paused",
      limitedBy: ["paused"],
    });
    expect(decide(input(5, 9, { settings: settings({ paused: { replicas: 0 } }) })).to).toBe(0);
  });
});

test("what is wanted is known before anything stands in the way of a step", () => {
  expect(wantedReplicas(input(9, 1, closed({ complete: false })))).toBe(2);
  expect(wantedReplicas(input(9, 15, out({ limit: 6 })))).toBe(6);
});
