import { expect, test } from "vitest";
import { createEpochs, type QueueCounters } from "./queue-counters.ts";

const counters = (published: number | undefined, settled?: number): QueueCounters => ({
  published,
  settled,
  delivered: undefined,
  redelivered: undefined,
});

test("an epoch lasts while counters grow, appear or are not told, and ends when one falls", () => {
  const epochs = createEpochs("e");
  const told = [
    counters(undefined),
    counters(5),
    counters(9, 3),
    undefined,
    counters(9, 4),
    counters(9, 1),
    counters(undefined),
    counters(2, 1),
  ];
  expect(told.map((one) => epochs.of("q", one))).toEqual([
    "e-0",
    "e-0",
    "e-0",
    "e-0",
    "e-0",
    "e-1",
    "e-1",
    "e-2",
  ]);
});

test("queues have epochs of their own", () => {
  const epochs = createEpochs("e");
  epochs.of("a", counters(5));
  epochs.of("b", counters(5));
  expect(epochs.of("a", counters(1))).toBe("e-1");
  expect(epochs.of("b", counters(6))).toBe("e-0");
});

test("a queue that was gone counts in another epoch, even if its counters are higher", () => {
  const epochs = createEpochs("e");
  epochs.of("q", counters(5));
  epochs.end("q");
  expect(epochs.of("q", counters(50))).toBe("e-1");
});
