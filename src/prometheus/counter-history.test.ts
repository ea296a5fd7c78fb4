import fc from "fast-check";
import { expect, test } from "vitest";
import { CounterHistory, type CounterSeries } from "./counter-history.ts";

const began = 1_000_000;
const series = (replica: string, ...samples: [number, number][]): CounterSeries => ({
  key: `started ${replica}`,
  total: "started",
  replica,
  samples: samples.map(([second, value]) => [began + second * 1_000, value] as const),
});
const startedAt = (seconds: number | undefined) => () =>
  seconds === undefined ? undefined : began / 1_000 + seconds;
const longAgo = startedAt(-500);

test("a process that was there before adds only what it counts from now on", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [-5, 100], [0, 103])], longAgo);
  expect(history.total("started")).toBe(3);
  history.add([series("a", [0, 103], [5, 110])], longAgo);
  expect(history.total("started")).toBe(10);
});

test("the same samples read twice count once", () => {
  const history = new CounterHistory(began);
  const read = [series("a", [-5, 1], [0, 4])];
  history.add(read, longAgo);
  history.add(read, longAgo);
  expect(history.total("started")).toBe(3);
});

test("a process that began later counts from its first job", () => {
  const history = new CounterHistory(began);
  history.add([series("b", [10, 7])], startedAt(6));
  expect(history.total("started")).toBe(7);
});

test("a series that appears in a process known without it counts from zero", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 5])], longAgo);
  history.add([{ ...series("a", [5, 2]), key: "another label" }], longAgo);
  expect(history.total("started")).toBe(2);
});

test("a replica that vanishes keeps what it contributed", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 5], [5, 9]), series("b", [0, 1], [5, 2])], longAgo);
  history.add([series("b", [5, 2], [10, 6])], longAgo);
  expect(history.total("started")).toBe(9);
});

test("a restart is seen by a value that falls", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 50], [5, 3])], startedAt(undefined));
  expect(history.total("started")).toBe(3);
});

test("a restart that has already counted beyond the old value is seen by the process start", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 5])], longAgo);
  history.add([series("a", [5, 8])], startedAt(2));
  expect(history.total("started")).toBe(8);
});

test("a replica that was out of reach adds what it did meanwhile, unless it was forgotten", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 5])], longAgo);
  history.forget(began + 60_000);
  history.add([series("a", [60, 25])], longAgo);
  expect(history.total("started")).toBe(20);
  history.forget(began + 60_000 + 601_000);
  history.add([series("a", [700, 900])], longAgo);
  expect(history.total("started")).toBe(20);
});

test("nothing is known of a total that no series feeds", () => {
  expect(new CounterHistory(began).total("busy")).toBeUndefined();
});

test("a reset begins a total anew without forgetting its series", () => {
  const history = new CounterHistory(began);
  history.add([series("a", [0, 5], [5, 9])], longAgo);
  history.reset((name) => name === "started");
  history.add([series("a", [10, 10])], longAgo);
  expect(history.total("started")).toBe(1);
});

test("totals never fall, whatever the replicas do, and equal the work done since the beginning", () => {
  const step = fc.record({
    replica: fc.constantFrom("a", "b", "c"),
    act: fc.constantFrom("work", "restart", "hide"),
    jobs: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const history = new CounterHistory(began);
      const replicas = new Map(["a", "b", "c"].map((name) => [name, { value: 40, start: -500 }]));
      history.add(
        [...replicas].map(([name, { value }]) => series(name, [0, value])),
        longAgo,
      );
      let done = 0;
      let before = 0;
      steps.forEach(({ replica, act, jobs }, index) => {
        const second = index + 1;
        const one = replicas.get(replica) ?? { value: 0, start: 0 };
        if (act === "restart") Object.assign(one, { value: 0, start: second });
        one.value += jobs;
        done += jobs;
        const seen = act === "hide" ? [] : [...replicas];
        history.add(
          seen.map(([name, { value }]) => series(name, [second, value])),
          (name) => began / 1_000 + (replicas.get(name)?.start ?? 0),
        );
        const now = history.total("started") ?? 0;
        expect(now).toBeGreaterThanOrEqual(before);
        if (!steps.some((one) => one.act === "hide")) expect(now).toBe(done);
        before = now;
      });
    }),
  );
});
