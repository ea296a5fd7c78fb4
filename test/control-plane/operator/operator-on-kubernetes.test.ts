import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rabbitmq } from "../../../embedded/rabbitmq.ts";
import { eventually, operatorWorld, plenty, startBroker, untilReady } from "./operator-world.ts";

let broker: Rabbitmq;
let stopBroker: () => Promise<void>;
beforeAll(async () => {
  ({ broker, stop: stopBroker } = await startBroker());
});
afterAll(() => stopBroker());

test("jobs in an empty system scale it from zero in one patch; with none left it goes back; status and Events say why", {
  timeout: 240_000,
}, async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const operator = world.operator();
  await untilReady(world);
  await world.publish("jobs", 1);
  await operator.line(({ msg }) => msg === "scaled workers");
  await world.publish("jobs", plenty);
  await eventually(() => world.replicas()).toBe(10);
  await eventually(async () => (await world.status("images")).replicas?.ready).toBe(10);
  const before = operator.changes;
  await world.purge("jobs");
  await eventually(() => world.replicas(), 90_000).toBe(0);
  await eventually(async () => operator.changes.at(-1)?.to).toBe(0);
  const told = async () =>
    ((await world.status("images")).history ?? []).map(({ from, to }) => ({ from, to }));
  await eventually(told).toEqual(operator.changes);
  const { history = [], lastDecision, observedGeneration } = await world.status("images");
  expect(operator.changes.slice(0, before.length)).toEqual(before);
  expect(observedGeneration).toBe(1);
  const events = async () => (await world.events()).filter(({ action }) => action === "Scale");
  const explanations = history.map(({ explanation }) => explanation);
  await eventually(async () => (await events()).map(({ note }) => note).toSorted()).toEqual(
    explanations.toSorted(),
  );
  expect((await events()).map(({ reason }) => reason)).toContain("FromZero");
  expect(history[0]?.reason).toBe("from-zero");
  expect(lastDecision?.to).toBe(0);
});

test("a resource that cannot be read says so in its status and by an Event; the others go on; put right, it goes on too", async () => {
  const world = await operatorWorld(broker);
  await world.deploy("other");
  await world.autoscale("broken", {}, { "millrace.dev/paused": "yes" });
  await world.declare("others");
  await world.autoscale("fine", {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "other" },
    queues: [{ name: world.queue("others") }],
  });
  world.operator();
  await world.publish("jobs", 20);
  await world.publish("others", 20);
  await eventually(() => world.condition("broken", "Ready")).toBe("False InvalidResource");
  await eventually(() => world.replicas("other")).toBeGreaterThan(0);
  expect(await world.replicas("worker")).toBe(0);
  const [condition] = (await world.status("broken")).conditions ?? [];
  expect(condition?.message).toContain('millrace.dev/paused"]: expected "true" or "false", got "yes"');
  const warnings = async () =>
    (await world.events()).filter(({ type, regarding }) => type === "Warning" && regarding.name === "broken");
  await eventually(warnings).toMatchObject([{ reason: "InvalidResource" }]);
  await world.annotate("broken", { "millrace.dev/paused": null });
  await eventually(() => world.replicas("worker")).toBeGreaterThan(0);
  await eventually(() => world.condition("broken", "Ready")).toBe("True Deciding");
});

test("while nothing happens nothing is written but the Lease, cycle after cycle", {
  timeout: 240_000,
}, async () => {
  const world = await operatorWorld(broker);
  await world.autoscale("images");
  const operator = world.operator();
  await untilReady(world);
  await eventually(async () => (await world.status("images")).lastDecision?.reason, 40_000).toBe("idle");
  const figures = async () => {
    const lines = (await (await fetch(`${await operator.url()}/metrics`)).text()).split("\n");
    const sumOf = (name: string) =>
      lines
        .filter((line) => line.startsWith(name))
        .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    const unanswered = sumOf("millrace_broker_poll_errors_total") + sumOf("millrace_watch_failures_total");
    return { cycles: sumOf("millrace_reconcile_duration_seconds_count"), unanswered };
  };
  const seen = async () => ({
    status: await world.status("images"),
    versions: await world.versions("images"),
  });
  // A broker that did not answer in time is something that happens, and it is written up to ten seconds later.
  for (let [from, wasCalm] = [await figures(), false]; ; ) {
    const before = await seen();
    await eventually(async () => (await figures()).cycles, 60_000).toBeGreaterThan(from.cycles + 30);
    const after = await seen();
    const to = await figures();
    const isCalm = to.unanswered === from.unanswered;
    if (wasCalm && isCalm) {
      expect(after).toEqual(before);
      return;
    }
    [from, wasCalm] = [to, isCalm];
  }
});
