import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { untilTerminated } from "./until-terminated.ts";

/** A process that writes down its exits, and a clock that is moved. */
function harness() {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const own = {
    on: (signal: string, listener: () => void) => signals.on(signal, listener),
    exit: (code: number) => void exits.push(code),
  };
  let atMs = 1_000;
  const first = untilTerminated(own, () => atMs);
  return {
    first,
    exits,
    send: (signal: "SIGTERM" | "SIGINT", afterMs = 0): void => {
      atMs += afterMs;
      signals.emit(signal);
    },
  };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "the first %s asks for a drain and exits nothing",
  async (signal) => {
    const { first, exits, send } = harness();
    send(signal);
    expect(await first).toBe(signal);
    expect(exits).toEqual([]);
  },
);

test("a Ctrl-C that npm forwards too is one signal, not two", () => {
  const { exits, send } = harness();
  send("SIGINT");
  send("SIGINT", 3);
  send("SIGINT", 497);
  expect(exits).toEqual([]);
});

test("a second Ctrl-C exits at once", () => {
  const { exits, send } = harness();
  send("SIGINT");
  send("SIGINT", 3);
  send("SIGINT", 498);
  expect(exits).toEqual([1]);
});

test("a signal of another name is a second one, however soon it comes", () => {
  const { exits, send } = harness();
  send("SIGINT");
  send("SIGTERM");
  expect(exits).toEqual([1]);
});
