import { describe, expect, test } from "vitest";
import { type Evidence, p95, phaseAccounts, summarize, type WorkerRecord } from "./account.ts";
import type { Phase } from "./load-plan.ts";

const phase: Phase = {
  name: "calm",
  fromSeconds: 0,
  untilSeconds: 100,
  arrivalsPerSecond: 1,
  serviceSeconds: 1,
};

const job = (id: string, atSeconds: number) => ({
  id,
  atSeconds,
  serviceSeconds: 1,
  phase: "calm",
  sentAtMs: atSeconds * 1000,
});

const run = (
  id: string,
  fromMs: number,
  outcome: "succeeded" | "failed" | "interrupted" = "succeeded",
): WorkerRecord[] => [
  { kind: "started", id, execution: `${id}@${fromMs}`, attempt: 1, atMs: fromMs },
  { kind: "ended", id, execution: `${id}@${fromMs}`, atMs: fromMs + 1000, outcome },
];

const evidence = (over: Partial<Evidence> = {}): Evidence => ({
  accepted: [job("a", 0), job("b", 1)],
  rows: new Map([
    ["a", "succeeded"],
    ["b", "succeeded"],
  ]),
  records: [...run("a", 1000), ...run("b", 2000)],
  replicas: [{ spawnedAtMs: 0, exitedAtMs: 4000 }],
  phases: [phase],
  changes: [
    { atMs: 500, from: 0, to: 1 },
    { atMs: 5000, from: 1, to: 0 },
  ],
  replicasFinal: 0,
  startupSeconds: 1,
  noticeSeconds: 1,
  ...over,
});

describe("the demo's account", () => {
  test("adds up a run in which all went well", () => {
    expect(summarize(evidence())).toEqual({
      accepted: 2,
      succeeded: 2,
      deadLettered: 0,
      lost: 0,
      duplicates: 0,
      attainmentRatio: 1,
      waitSecondsP95: 1,
      overheadRatio: 2, // 4 replica-seconds for 2 service-seconds
      replicasMax: 1,
      replicasFinal: 0,
      decisions: 2,
      interruptedByScaleIn: 0,
      firstPatchSeconds: 0.5,
    });
  });

  test("a job without a settled row is lost, even if a worker says that it succeeded", () => {
    expect(
      summarize(
        evidence({
          rows: new Map([
            ["a", "succeeded"],
            ["b", "running"],
          ]),
        }),
      ).lost,
    ).toBe(1);
  });

  test("a row that says succeeded is not believed when no worker wrote it down", () => {
    expect(summarize(evidence({ records: run("a", 1000) })).lost).toBe(1);
  });

  test("a dead-lettered job is settled, and not lost", () => {
    const rows = new Map([
      ["a", "succeeded"],
      ["b", "dead_lettered"],
    ]);
    expect(
      summarize(evidence({ rows, records: [...run("a", 1000), ...run("b", 2000, "failed")] })),
    ).toMatchObject({
      lost: 0,
      deadLettered: 1,
      succeeded: 1,
    });
  });

  test("counts second successes as duplicates and failed attempts as work", () => {
    const records = [...run("a", 1000, "failed"), ...run("a", 2000), ...run("b", 2000), ...run("b", 9000)];
    expect(summarize(evidence({ records }))).toMatchObject({ duplicates: 1, overheadRatio: 1 });
  });

  test("an execution that never ended, or ended by its signal, was interrupted", () => {
    const records = [
      ...run("a", 1000),
      ...run("b", 2000),
      ...run("b", 3000, "interrupted"),
      ...run("a", 4000).slice(0, 1),
    ];
    expect(summarize(evidence({ records })).interruptedByScaleIn).toBe(2);
  });

  test("a job that started after the wait is late, and the first start counts", () => {
    const records = [...run("a", 5001), ...run("b", 2000, "failed"), ...run("b", 60_000)];
    expect(summarize(evidence({ records })).attainmentRatio).toBe(0.5);
  });

  test("attainment leaves out a phase in which the promise could not be kept", () => {
    const impossible = evidence({ noticeSeconds: 30, records: [...run("a", 31_000), ...run("b", 32_000)] });
    expect(phaseAccounts(impossible)).toEqual([
      { name: "calm", jobs: 2, feasible: false, attainmentRatio: 0, waitSecondsP95: 31 },
    ]);
    expect(phaseAccounts(evidence())).toMatchObject([{ name: "calm", feasible: true, attainmentRatio: 1 }]);
    expect(summarize(impossible).attainmentRatio).toBe(1);
  });

  test("p95 is the nearest rank", () => {
    expect(p95(Array.from({ length: 100 }, (_, index) => index + 1))).toBe(95);
    expect(p95([7])).toBe(7);
    expect(p95([])).toBe(0);
  });
});
