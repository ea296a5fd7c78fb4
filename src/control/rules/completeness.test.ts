import { expect, test } from "vitest";
import type { QueueReading } from "../contract.ts";
import { cleanFleet, cleanQueue } from "../signals/clean-readings.ts";
import { completenessOf } from "./completeness.ts";

const reading = { desired: 2, ready: 2, draining: 0, starting: [], uncreated: 0, rollout: false };
const fleet = cleanFleet(reading, 0);
const broker = { ageSeconds: 1, epoch: "b", ready: 0 };
const workers = {
  ageSeconds: 4,
  epoch: "w",
  reportingReplicas: 2,
  running: 0,
  started: 0,
  finished: 0,
  serviceSeconds: 0,
};
const clean = (part: Partial<QueueReading>) =>
  cleanQueue({ id: "q", ...part }, { t: 100, staleAfterSeconds: 30, waitSeconds: 10 });
const because = (part: Partial<QueueReading>): string => {
  const result = completenessOf([clean(part)], fleet);
  return result.kind === "complete" ? "complete" : result.because;
};

test("ready and unacked from the broker are enough, as old as that sample", () => {
  expect(completenessOf([clean({ broker: { ...broker, unacked: 0 }, workers })], fleet)).toEqual({
    kind: "complete",
    sampleAt: 99,
  });
});

test("without unacked all ready replicas must report, and their sample counts", () => {
  expect(completenessOf([clean({ broker, workers })], fleet)).toEqual({ kind: "complete", sampleAt: 96 });
  expect(because({ broker, workers: { ...workers, reportingReplicas: 1 } })).toBe(
    "only 1 of 2 ready replicas report",
  );
  expect(because({ broker })).toContain("in progress of queue q");
});

test("an unknown ready count or a spoilt figure of any queue or of the fleet is incomplete", () => {
  expect(because({ workers })).toContain("ready count of queue q");
  expect(because({ broker: { ...broker, unacked: Number.NaN }, workers })).toContain("cannot be true");
  const both = [clean({ broker: { ...broker, unacked: 0 } }), clean({})];
  expect(completenessOf(both, fleet).kind).toBe("incomplete");
  const spoilt = cleanFleet({ ...reading, idle: -1 }, 0);
  expect(completenessOf([clean({ broker: { ...broker, unacked: 0 } })], spoilt).kind).toBe("incomplete");
});
