import { expect, test } from "vitest";
import { BusyReplicas } from "./busy-replicas.ts";

const replicas = ["a", "b"].map((id) => ({ id, addresses: [] }));
const setup = () => {
  const busy = new BusyReplicas();
  return (seconds: number, idle: readonly string[] | undefined, inProgress = true) =>
    busy.note(replicas, idle, { inProgress, nowMs: seconds * 1_000 });
};

test("a replica is protected once it has been busy for 10 s, and until it has been idle for 30 s", () => {
  const at = setup();
  expect(at(0, ["b"])).toEqual([]);
  expect(at(9, ["b"])).toEqual([]);
  expect(at(10, ["b"])).toEqual(["a"]);
  expect(at(20, ["a", "b"])).toEqual(["a"]);
  expect(at(49, ["a", "b"])).toEqual(["a"]);
  expect(at(50, ["a", "b"])).toEqual([]);
});

test("short jobs with pauses between them protect nobody", () => {
  const at = setup();
  for (let second = 0; second < 60; second += 6) {
    expect(at(second, ["b"])).toEqual([]);
    expect(at(second + 3, ["a", "b"])).toEqual([]);
  }
});

test("where nobody can tell who is busy, all are while anything is in progress", () => {
  const at = setup();
  at(0, undefined);
  expect(at(10, undefined)).toEqual(["a", "b"]);
  expect(at(41, undefined, false)).toEqual(["a", "b"]);
  expect(at(71, undefined, false)).toEqual([]);
});

test("a replica that is gone is forgotten", () => {
  const busy = new BusyReplicas();
  const one = replicas.slice(0, 1);
  busy.note(one, [], { inProgress: true, nowMs: 0 });
  expect(busy.note([], [], { inProgress: true, nowMs: 20_000 })).toEqual([]);
  expect(busy.note(one, [], { inProgress: true, nowMs: 21_000 })).toEqual([]);
});
