import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryBroker } from "../../test/fakes/memory-broker.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { autoscalerResource, scenarioTarget } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { createOperator } from "./operator.ts";

async function setup(specs: readonly object[] = [{ queues: [{ pattern: "^jobs\\." }] }]) {
  const clock = new ManualClock();
  const broker = new MemoryBroker();
  const targets = specs.map((_spec, index) => ({ ...scenarioTarget, name: `workers-${index}` }));
  const fleet = new MemoryFleet(targets, { clock });
  const autoscalers = specs.map((spec, index) => {
    const { apiVersion, kind } = scenarioTarget;
    const scaleTargetRef = { apiVersion, kind, name: `workers-${index}` };
    const resource = autoscalerResource({ scaleTargetRef, ...spec });
    return { ...resource, metadata: { ...resource.metadata, name: `autoscaler-${index}` } };
  });
  const logger = new RecordingLogger();
  const registry = new Registry();
  const operator = createOperator({ autoscalers, fleet, broker, registry, logger, nowMs: clock.read });
  await operator.restore();
  const walk = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 2) {
      clock.advance(2);
      await operator.cycle();
    }
  };
  const desired = (index = 0) => fleet.desiredCount(targets[index] ?? scenarioTarget);
  const condition = (type: string, index = 0) =>
    operator.autoscalers[index]?.conditions.find((one) => one.type === type);
  return { broker, operator, walk, desired, condition, logger, registry };
}

describe("queues by pattern", () => {
  test("a queue that appears is looked at, also by the fast path, without an edit", async () => {
    const { broker, operator, walk, desired } = await setup();
    broker.declare("jobs.old");
    await walk(4);
    const fresh = broker.declare("jobs.fresh");
    await walk(2);
    broker.publish(fresh, 20);
    await operator.fastLook();
    expect(desired()).toBeGreaterThan(0);
  });

  test("a queue that vanishes blocks nothing: the others take the count to zero", async () => {
    const { broker, walk, desired, condition } = await setup();
    broker.declare("jobs.stays");
    const leaves = broker.declare("jobs.leaves", { ready: 20 });
    await walk(4);
    expect(desired()).toBeGreaterThan(0);
    broker.delete(leaves);
    await walk(60);
    expect(condition("SignalsFresh")?.status).toBe("True");
    expect(desired()).toBe(0);
  });

  test("a pattern that matches nothing any more is no empty queue: nothing is scaled in", async () => {
    const { broker, walk, desired, condition } = await setup();
    const only = broker.declare("jobs.only", { ready: 20 });
    await walk(4);
    const raised = desired();
    expect(raised).toBeGreaterThan(0);
    broker.delete(only);
    await walk(300);
    expect(desired()).toBe(raised);
    expect(condition("SignalsFresh")).toMatchObject({ status: "False", reason: "PatternMatchesNothing" });
  });

  test("while the list is away, what it found still scales out, and nothing scales in", async () => {
    const { broker, walk, desired, condition } = await setup();
    const queue = broker.declare("jobs.known", { ready: 2 });
    await walk(4);
    const before = desired();
    broker.listsUnknownBecause = "the management API answers 503";
    broker.publish(queue, 100);
    await walk(10);
    const raised = desired();
    expect(raised).toBeGreaterThan(before);
    broker.delete(queue);
    broker.declare("jobs.known");
    await walk(300);
    expect(desired()).toBe(raised);
    expect(condition("Ready")).toMatchObject({
      status: "False",
      reason: "PatternUnknown",
      message: expect.stringContaining("the management API answers 503"),
    });
  });

  test("series of a queue that vanished vanish too", async () => {
    const { broker, walk, registry } = await setup();
    broker.declare("jobs.stays", { published: 5 });
    const leaves = broker.declare("jobs.leaves", { published: 7 });
    await walk(4);
    expect(await registry.metrics()).toContain('queue="jobs.leaves"');
    broker.delete(leaves);
    await walk(4);
    expect(await registry.metrics()).not.toContain('queue="jobs.leaves"');
    expect(await registry.metrics()).toContain('queue="jobs.stays"');
  });
});

test("a queue that two autoscalers name, by name and by pattern, is read once in a cycle and once in a fast look", async () => {
  const { broker, operator, walk } = await setup([
    { queues: [{ name: "jobs.a" }, { name: "jobs.b" }] },
    { queues: [{ pattern: "^jobs\\." }] },
  ]);
  for (const name of ["jobs.a", "jobs.b"]) broker.declare(name);
  await walk(2);
  expect(broker.reads.at(-1)?.toSorted()).toEqual(["default///jobs.a", "default///jobs.b"]);
  const { length } = broker.reads;
  await operator.fastLook();
  expect(broker.reads.slice(length).map((keys) => keys.toSorted())).toEqual([
    ["default///jobs.a", "default///jobs.b"],
  ]);
});

test("over AMQP alone and without the workers' metrics: scaled out, and a scale-in says what it would need", async () => {
  const { broker, walk, desired, condition } = await setup([{ queues: [{ name: "jobs.a" }] }]);
  const known = { ageSeconds: 0, epoch: "1", ready: 50 };
  broker.replace("jobs.a", known);
  await walk(4);
  const raised = desired();
  expect(raised).toBeGreaterThan(0);
  broker.replace("jobs.a", { ...known, ready: 0, consumers: raised });
  await walk(300);
  expect(desired()).toBe(raised);
  expect(condition("ScaleInBlocked")).toMatchObject({
    status: "True",
    reason: "SignalsIncomplete",
    message: expect.stringMatching(
      /jobs in progress of queue .*jobs\.a are not known.*management API, or let Prometheus/,
    ),
  });
});
