import { expect, test } from "vitest";
import { type Managed, mergeBlock } from "./merge-block.ts";

const managed = (atMs: number, more: Partial<Managed> = {}): Managed => ({
  atMs,
  ready: 3,
  unacked: 2,
  consumers: 1,
  published: 10,
  delivered: 9,
  settled: 7,
  redelivered: undefined,
  ...more,
});
const at = { epoch: "e", nowMs: 100_000 };

test("a passive declare alone gives ready and consumers at its own age", () => {
  const declared = { atMs: 99_500, ready: 4, consumers: 2 };
  expect(mergeBlock({ declared, managed: undefined }, at)).toEqual({
    ageSeconds: 0.5,
    epoch: "e",
    ready: 4,
    consumers: 2,
  });
});

test("the newer ready wins, and the block is as old as its oldest part", () => {
  const declared = { atMs: 99_500, ready: 4, consumers: 0 };
  expect(mergeBlock({ declared, managed: managed(93_000) }, at)).toEqual({
    ageSeconds: 7,
    epoch: "e",
    ready: 4,
    consumers: 0,
    unacked: 2,
    published: 10,
    delivered: 9,
    settled: 7,
  });
  const earlier = { atMs: 80_000, ready: 9, consumers: 9 };
  expect(mergeBlock({ declared: earlier, managed: managed(93_000) }, at)).toMatchObject({
    ready: 3,
    consumers: 1,
  });
});

test("statistics that are too old are left out where a declare knows better", () => {
  const declared = { atMs: 100_000, ready: 4, consumers: 0 };
  expect(mergeBlock({ declared, managed: managed(79_000) }, at)).toEqual({
    ageSeconds: 0,
    epoch: "e",
    ready: 4,
    consumers: 0,
  });
  expect(mergeBlock({ declared: undefined, managed: managed(79_000) }, at)).toMatchObject({
    ageSeconds: 21,
  });
});

test("without a ready count nothing is known", () => {
  expect(mergeBlock({ declared: undefined, managed: undefined }, at)).toBeUndefined();
  expect(
    mergeBlock({ declared: undefined, managed: managed(99_000, { ready: undefined }) }, at),
  ).toBeUndefined();
});
