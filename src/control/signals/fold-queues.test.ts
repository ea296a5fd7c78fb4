import { expect, test } from "vitest";
import { cleanQueue } from "./clean-readings.ts";
import { foldQueues } from "./fold-queues.ts";

const moment = { t: 100, staleAfterSeconds: 30, waitSeconds: 10 };
const workers = {
  ageSeconds: 5,
  epoch: "w",
  reportingReplicas: 3,
  running: 1,
  slots: 6,
  started: 10,
  finished: 9,
  serviceSeconds: 18,
  waits: { edgesSeconds: [10], counts: [8, 10] },
};
const queue = (id: string, part: object = {}) =>
  cleanQueue({ id, broker: { ageSeconds: 1, epoch: "b", ready: 4, unacked: 2 }, workers, ...part }, moment);

test("queues within the bound stay as they are", () => {
  const queues = [queue("a"), queue("b")];
  expect(foldQueues(queues, 2)).toBe(queues);
});

test("further queues become one: counts summed, ages, waits and slots the strictest", () => {
  const folded = foldQueues(
    [
      queue("a"),
      queue("b"),
      queue("c", { waitSeconds: 3, workers: { ...workers, waits: { edgesSeconds: [3], counts: [6, 10] } } }),
      queue("d"),
    ],
    2,
  );
  expect(folded).toHaveLength(2);
  expect(folded[1]).toMatchObject({ id: "b", waitSeconds: 3, spoilt: false });
  expect(folded[1]?.broker).toMatchObject({ at: 99, ready: 12, unacked: 6, published: undefined });
  expect(folded[1]?.workers).toMatchObject({
    running: 3,
    slots: 6,
    started: 30,
    waits: { late: 2 + 4 + 2, total: 30 },
  });
});

test("what is unknown of one is unknown of all", () => {
  const withoutSlots = { ...workers, slots: undefined, waits: undefined };
  const parts = [queue("a"), queue("b"), queue("c", { broker: undefined, workers: undefined })];
  expect(foldQueues(parts, 1)[0]).toMatchObject({ broker: undefined, workers: undefined });
  const folded = foldQueues([queue("a"), queue("b", { workers: withoutSlots })], 1)[0];
  expect(folded?.workers?.slots).toBeUndefined();
  expect(folded?.workers?.waits).toBeUndefined();
});
