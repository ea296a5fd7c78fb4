import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import type { AutoscalerView, Condition, JournalEntry, SavedAutoscaler } from "../operator/ports.ts";
import { workerAutoscalerStatusSchema } from "../resource/worker-autoscaler-status.ts";
import { rejectedStatus } from "./rejected-status.ts";
import { savedOf } from "./saved-status.ts";
import { changedConditions, isWorthWriting, type Written, writtenOf } from "./status-changes.ts";
import { statusDocument } from "./status-document.ts";

const atMs = Date.parse("2026-07-15T12:00:00Z");
type Decision = AutoscalerView["status"]["history"][number];
const decision = (more: Partial<Decision> = {}): Decision => ({
  time: new Date(atMs).toISOString(),
  kind: "scale",
  from: 0,
  to: 4,
  recommended: 4,
  reason: "from-zero",
  limitedBy: [],
  feasibility: { kind: "feasible" },
  estimate: { serviceSeconds: 2 },
  terms: [{ name: "load", replicas: 4 }],
  explanation: "From 0 to 4, as jobs wait.",
  outcome: "scaled",
  repeated: 0,
  ...more,
});
const condition = (more: Partial<Condition> = {}): Condition => ({
  type: "Ready",
  status: "True",
  reason: "Deciding",
  message: "All is known.",
  lastTransitionTime: new Date(atMs).toISOString(),
  ...more,
});
const count = {
  expected: 4,
  zeroByHand: false,
  raisedUntilMs: 0,
  foreignWritesMs: [],
  conflictUntilMs: 0,
};
const saved: SavedAutoscaler = {
  target: "default/ProcessPool/workers",
  count,
  control: { v: 1, raisedMs: null, startup: { p50: 1, p95: 2 }, lanes: [] },
  decisions: [],
};
const entry = (
  status: Partial<AutoscalerView["status"]> = {},
  more: Partial<JournalEntry> = {},
): JournalEntry => {
  const resource = autoscalerResource();
  const last = decision();
  return {
    resource: { ...resource, metadata: { ...resource.metadata, generation: 3 } },
    view: {
      ...resource,
      signals: [],
      decisions: [],
      status: {
        conditions: [condition()],
        replicas: { current: 4, desired: 4, recommended: 4, ready: 3 },
        objective: { attainmentRatio: 0.9876, waitSecondsP95: 1.23456 },
        estimate: { serviceSeconds: 2.00001, attainmentRatio: 0.9876 },
        lastDecision: last,
        history: [last],
        ...status,
      },
    },
    saved,
    ...more,
  };
};
const asStored = (given: JournalEntry): unknown => JSON.parse(JSON.stringify(statusDocument(given, [])));

describe("the status document", () => {
  test("is what the definition allows, with ratios as text and the generation that it speaks of", () => {
    const stored = asStored(entry());
    expect(workerAutoscalerStatusSchema.safeParse(stored).error).toBeUndefined();
    expect(stored).toMatchObject({
      observedGeneration: 3,
      objective: { attainmentRatio: "0.987", waitSecondsP95: 1.23 },
      estimate: { serviceSeconds: 2 },
      conditions: [{ observedGeneration: 3 }],
    });
  });

  test("tells the count that was just set, not the one that was seen before", () => {
    const { terms, ...rest } = decision({ from: 4, to: 9 });
    const made = { ...rest, terms, atMs };
    expect(statusDocument(entry({}, { decision: made }), []).replicas?.desired).toBe(9);
  });

  test("keeps the transition time of a condition whose status stays, over a restart", () => {
    const earlier = [{ ...condition(), lastTransitionTime: "2026-01-01T00:00:00.000Z" }];
    expect(statusDocument(entry(), earlier).conditions?.[0]?.lastTransitionTime).toBe(
      "2026-01-01T00:00:00.000Z",
    );
    const turned = entry({ conditions: [condition({ status: "False" })] });
    expect(statusDocument(turned, earlier).conditions?.[0]?.lastTransitionTime).toBe(
      "2026-07-15T12:00:00.000Z",
    );
  });

  test("holds ten changes, and durable state under 2 KiB: what was learned goes first", () => {
    const history = Array.from({ length: 30 }, (_none, number) => decision({ to: number }));
    const lanes = Array.from({ length: 60 }, (_none, number) => ({
      key: `queue-${number}`,
      serviceSeconds: 1,
      breaker: null,
    }));
    const long = { ...saved, control: { v: 1 as const, raisedMs: null, startup: null, lanes } };
    const status = statusDocument(entry({ history }, { saved: long }), []);
    expect(status.history?.map(({ to }) => to)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    expect(Buffer.byteLength(JSON.stringify(status.durable))).toBeLessThan(2_048);
    expect(savedOf(JSON.parse(JSON.stringify(status)))?.count).toEqual(count);
  });
});

describe("what is read back", () => {
  test("is what was saved, with the changes and the last hold as decisions", () => {
    const hold = decision({
      kind: "hold",
      from: 4,
      reason: "steady",
      outcome: "held",
      time: "2026-07-15T12:01:00.000Z",
    });
    const read = savedOf(asStored(entry({ lastDecision: hold })));
    expect(read).toMatchObject({ target: saved.target, count, control: saved.control });
    expect(read?.decisions.map(({ reason, atMs: at }) => [reason, at])).toEqual([
      ["from-zero", atMs],
      ["steady", atMs + 60_000],
    ]);
  });

  test("does not tell the last change twice", () => {
    expect(savedOf(asStored(entry()))?.decisions).toHaveLength(1);
  });

  test.each([
    ["nothing", undefined],
    ["another version", { durable: { v: 2, target: "t", count } }],
    ["a count that is none", { durable: { v: 1, target: "t", count: { expected: -1 } } }],
    ["text", "status"],
  ])("%s is nothing", (_title, status) => {
    expect(savedOf(status)).toBeUndefined();
  });

  test("a spoilt history or spoilt learning does not cost the count", () => {
    const stored = { durable: { v: 1, target: "t", count, control: 7 }, history: [{ time: "never" }, 7] };
    expect(savedOf(stored)).toEqual({ target: "t", count, decisions: [] });
  });

  test("nothing that may stand there throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        savedOf(value);
        writtenOf(value, 0);
        rejectedStatus({ namespace: "n", name: "n", uid: "u", generation: 1, because: "wrong" }, value, 0);
      }),
    );
  });
});

describe("what is worth writing", () => {
  const written = (given = entry(), nowMs = atMs): Written => writtenOf(asStored(given), nowMs);
  const isWorth = (given: JournalEntry, { before = written(), seconds = 0, changedForMs = -1 } = {}) =>
    isWorthWriting(given, before, { changedForMs, nowMs: atMs + seconds * 1_000 });
  const madeDecision = { ...decision(), atMs };

  test("the same again is not, however often and for however long", () => {
    expect(isWorth(entry(), { seconds: 86_400 })).toBe(false);
  });

  test("the first is, and one of another generation", () => {
    expect(isWorth(entry(), { before: writtenOf(undefined, atMs) })).toBe(true);
    const edited = entry();
    const resource = { ...edited.resource, metadata: { ...edited.resource.metadata, generation: 4 } };
    expect(isWorth({ ...edited, resource })).toBe(true);
  });

  test("a decision to change is", () => {
    expect(isWorth(entry({}, { decision: madeDecision }))).toBe(true);
  });

  test("a condition that changed is, once it has stayed so", () => {
    const changed = entry({ conditions: [condition({ status: "False" })] });
    expect(changedConditions(changed, written())).toEqual(["Ready"]);
    expect(isWorth(changed, { changedForMs: 2_999 })).toBe(false);
    expect(isWorth(changed, { changedForMs: 3_000 })).toBe(true);
  });

  test("another cause of not being ready is, every ten seconds; of what is merely unmet the figures are not", () => {
    const bad = (type: Condition["type"], message: string, status: Condition["status"] = "False") =>
      entry({ conditions: [condition({ type, status, message })] });
    const without = (message: string) => bad("Ready", message);
    const before = written(without("The role lacks list on pods."));
    expect(isWorth(without("The role lacks list on pods."), { before, seconds: 86_400 })).toBe(false);
    expect(isWorth(without("The role lacks watch on pods."), { before, seconds: 9 })).toBe(false);
    expect(isWorth(without("The role lacks watch on pods."), { before, seconds: 10 })).toBe(true);
    const unmet = written(bad("ObjectiveMet", "0.91 of 0.95"));
    expect(isWorth(bad("ObjectiveMet", "0.92 of 0.95"), { before: unmet, seconds: 86_400 })).toBe(false);
    const unmeasured = written(bad("ObjectiveMet", "Not known.", "Unknown"));
    const because = bad("ObjectiveMet", "Not known. Prometheus cannot be reached.", "Unknown");
    expect(isWorth(because, { before: unmeasured, seconds: 10 })).toBe(true);
    const noticed = bad("Ready", "A pod carries a deletion cost.", "True");
    expect(isWorth(noticed, { before: written(bad("Ready", "Known.", "True")), seconds: 10 })).toBe(true);
  });

  test("a count that somebody else set is", () => {
    expect(isWorth(entry({}, { saved: { ...saved, count: { ...count, expected: 7 } } }))).toBe(true);
  });

  test("the last of the replicas asked for is; one of them is not", () => {
    const at = (ready: number) => entry({ replicas: { current: 4, desired: 4, recommended: 4, ready } });
    expect(isWorth(at(2))).toBe(false);
    expect(isWorth(at(4))).toBe(true);
  });

  test("another reason to hold is, every ten seconds", () => {
    const held = entry({ lastDecision: decision({ time: "2026-07-15T12:00:05.000Z", kind: "hold" }) });
    expect(isWorth(held, { seconds: 9 })).toBe(false);
    expect(isWorth(held, { seconds: 10 })).toBe(true);
  });

  test("a figure that moved by more than a tenth is, every minute; a smaller move never", () => {
    const at = (serviceSeconds: number) => entry({ estimate: { serviceSeconds } });
    expect(isWorth(at(4), { seconds: 59 })).toBe(false);
    expect(isWorth(at(4), { seconds: 60 })).toBe(true);
    expect(isWorth(at(2.1), { seconds: 3_600 })).toBe(false);
  });

  test("the order in which the API server gives keys back does not matter", () => {
    const stored = asStored(entry()) as { durable: { count: object } };
    const turned = {
      ...stored,
      durable: { ...stored.durable, count: Object.fromEntries(Object.entries(count).toReversed()) },
    };
    expect(isWorth(entry(), { before: writtenOf(turned, atMs) })).toBe(false);
  });
});

describe("an object that cannot be read", () => {
  const rejected = { namespace: "n", name: "a", uid: "u", generation: 4, because: "spec.x: unknown key." };

  test("keeps its status, and Ready says why; told once", () => {
    const before = asStored(entry());
    const status = rejectedStatus(rejected, before, atMs + 1_000);
    expect(status).toMatchObject({ observedGeneration: 4, durable: { target: saved.target } });
    expect(status?.conditions).toEqual([
      {
        type: "Ready",
        status: "False",
        observedGeneration: 4,
        lastTransitionTime: "2026-07-15T12:00:01.000Z",
        reason: "InvalidResource",
        message: rejected.because,
      },
    ]);
    expect(rejectedStatus(rejected, status, atMs + 9_000)).toBeUndefined();
    expect(rejectedStatus({ ...rejected, generation: 5 }, status, atMs + 9_000)).toBeDefined();
  });
});
