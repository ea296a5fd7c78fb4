import { expect, test } from "vitest";
import { type Decision, DecisionLog } from "./decision-log.ts";

const decision = (more: Partial<Decision>): Decision => ({
  kind: "hold",
  from: 1,
  to: 1,
  recommended: 1,
  reason: "steady",
  limitedBy: [],
  feasibility: { kind: "unknown" },
  estimate: {},
  terms: [],
  explanation: "",
  atMs: 0,
  outcome: "held",
  repeated: 0,
  ...more,
});
const scaled = (atMs: number): Decision =>
  decision({ kind: "scale", outcome: "scaled", from: atMs, to: atMs + 1, reason: "load", atMs });
const held = (atMs: number): Decision => decision({ reason: atMs % 2 === 0 ? "steady" : "idle", atMs });

test("the same hold again only counts up", () => {
  const log = new DecisionLog(100);
  expect(log.add(decision({ atMs: 1 }))).toBe("new");
  expect(log.add(decision({ atMs: 2, explanation: "other figures" }))).toBe("repeated");
  expect(log.all()).toEqual([decision({ atMs: 1, repeated: 1 })]);
});

test("another reason, limit or outcome is a new decision, and so is every change that was made", () => {
  const log = new DecisionLog(100);
  log.add(decision({}));
  expect(log.add(decision({ reason: "scale-in-hold" }))).toBe("new");
  expect(log.add(decision({ reason: "scale-in-hold", limitedBy: ["scale-in-hold"] }))).toBe("new");
  expect(log.add(scaled(1))).toBe("new");
  expect(log.add(scaled(1))).toBe("new");
  expect(log.add(decision({ kind: "scale", outcome: "failed", problem: "a" }))).toBe("new");
  expect(log.add(decision({ kind: "scale", outcome: "failed", problem: "b" }))).toBe("new");
});

test("keeps at least the promised number of changes, and no more, however often it holds", () => {
  const log = new DecisionLog(100);
  for (let at = 0; at < 500; at++) {
    log.add(scaled(at));
    log.add(held(at));
    log.add(held(at + 1));
  }
  expect(log.changes(1_000).map(({ atMs }) => atMs)).toEqual(
    Array.from({ length: 100 }, (_, index) => 400 + index),
  );
  expect(log.all().length).toBe(200);
});

test("answers the latest, oldest first", () => {
  const log = new DecisionLog(100, [scaled(1), held(2), scaled(3), held(4)]);
  expect(log.all(2)).toEqual([scaled(3), held(4)]);
  expect(log.changes(1)).toEqual([scaled(3)]);
  expect(log.recent(1)).toEqual([scaled(3), held(4)]);
  expect(log.recent(0)).toEqual([]);
  expect(log.all(0)).toEqual([]);
});

test("keeps fewer when told so, and goes on numbering", () => {
  const log = new DecisionLog(100);
  for (let at = 0; at < 50; at++) {
    log.add(scaled(at));
    log.add(held(at));
  }
  log.keep(2);
  expect(log.all()).toEqual([scaled(48), held(48), scaled(49), held(49)]);
  log.add(scaled(50));
  expect(log.page(2).map(({ seq }) => seq)).toEqual([101, 100]);
  expect(log.changes(10)).toEqual([scaled(49), scaled(50)]);
});
