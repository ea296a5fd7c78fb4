import { expect, test } from "vitest";
import { startInMemory } from "../../kit/src/testing/start-in-memory.ts";
import { sleepHandler } from "./sleep-handler.ts";

test("a sleep ends by itself", async () => {
  expect(await startInMemory(sleepHandler, { seconds: 0 }).outcome).toMatchObject({ kind: "succeeded" });
});

test("a long sleep ends at once when its worker drains, and is not a failed attempt", async () => {
  const run = startInMemory(sleepHandler, { seconds: 3_600 });
  run.interrupt("draining");
  expect(await run.outcome).toEqual({ kind: "interrupted" });
});

test("a sleep that is timed out has failed", async () => {
  const run = startInMemory(sleepHandler, { seconds: 3_600 });
  run.interrupt("timeout");
  expect(await run.outcome).toMatchObject({ kind: "failed", error: { code: "timeout" } });
});

test.each([{}, { seconds: -1 }, { seconds: 3_601 }, { seconds: "1" }, { seconds: 1, minutes: 2 }])(
  "%j is no payload of it",
  async (payload) => {
    expect(await startInMemory(sleepHandler, payload).outcome).toMatchObject({
      kind: "dead",
      error: { code: "payload-invalid" },
    });
  },
);
