import { expect, test } from "vitest";
import { type DurableState, durable, restore } from "./durable.ts";
import { newLane } from "./policy/lane.ts";
import { newState } from "./state.ts";

const breaker = { baseSeconds: 2, replicas: 7, throughput: 3, probeInSeconds: 60, probeAfterSeconds: 600 };
const kept: DurableState = {
  v: 1,
  raisedMs: 1_000_000,
  startup: { p50: 4, p95: 9 },
  lanes: [{ key: "*", serviceSeconds: 1.5, breaker }],
};

test("what is kept comes back: hold start, start-up, service time, breaker", () => {
  const state = restore(kept, 1_030_000);
  expect(state.fleet.raisedAt).toBe(-30);
  expect(state.startup).toEqual({ p50: 4, p95: 9, told: false });
  expect(state.lanes[0]).toMatchObject({ key: "*", rememberedService: 1.5 });
  expect(state.lanes[0]?.breaker.limit).toMatchObject({ replicas: 7, probeAt: 60, restored: true });
  expect(durable(state)).toEqual(kept);
});

test("a state that knows nothing keeps nothing", () => {
  expect(durable(newState(5))).toEqual({ v: 1, raisedMs: null, startup: null, lanes: [] });
  expect(restore(durable(newState(5)), 9)).toEqual(newState(9));
});

test("a measured service time replaces the remembered one", () => {
  const lane = newLane("*", 0);
  const state = { ...newState(0), lanes: [{ ...lane, service: { ...lane.service, jobs: 10, seconds: 25 } }] };
  expect(durable(state).lanes[0]).toEqual({ key: "*", serviceSeconds: 2.5, breaker: null });
});

test("nonsense and another version are left aside", () => {
  const lanes = [{ key: "*", serviceSeconds: -1, breaker: { ...breaker, baseSeconds: Number.NaN } }];
  const broken = { ...kept, raisedMs: Number.NaN, startup: { p50: Number.NaN, p95: 1 }, lanes };
  const state = restore(broken, 0);
  expect(state.startup).toBeNull();
  expect(state.fleet.raisedAt).toBeNull();
  expect(state.lanes[0]).toMatchObject({ rememberedService: null, breaker: { limit: null } });
  expect(restore({ ...kept, v: 2 } as unknown as DurableState, 7)).toEqual(newState(7));
});

test("a hold that began in the future begins now", () => {
  expect(restore({ ...kept, raisedMs: 9_000_000 }, 1_000_000).fleet.raisedAt).toBe(0);
});
