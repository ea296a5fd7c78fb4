import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryBroker } from "../../test/fakes/memory-broker.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { createOperator } from "./operator.ts";
import type { FloorSource, WorkerSource } from "./ports.ts";

const targetOf = (name: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "default",
  name,
});
const nine = Array.from({ length: 9 }, (_one, index) => `good-${index}`);

const floors: FloorSource = {
  read: (expressions) =>
    Promise.resolve({
      values: new Map(),
      problems: new Map(expressions.map((expression) => [expression, `parse error in "${expression}"`])),
    }),
};

/** Ten autoscalers, each with its own target and queue; the tenth is as the case says. */
async function ten({ spec = {}, target = true, queue = true, workers }: Broken) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const broker = new MemoryBroker();
  const names = [...nine, "broken"];
  const fleet = new MemoryFleet(names.filter((name) => target || name !== "broken").map(targetOf), { clock });
  for (const name of names) {
    if (!queue && name === "broken") continue;
    broker.publish(broker.declare(`queue-${name}`), 50);
  }
  for (let index = 0; index < 10_000; index++) broker.declare(`many-${index}`);
  const resources = names.map((name): WorkerAutoscaler => {
    const resource = autoscalerResource({
      scaleTargetRef: { name },
      queues: [{ name: `queue-${name}` }],
      ...(name === "broken" && spec),
    });
    return { ...resource, metadata: { ...resource.metadata, name } };
  });
  const registry = new Registry();
  const operator = createOperator({
    autoscalers: resources,
    fleet,
    broker,
    floors,
    ...(workers !== undefined && { workers }),
    brokers: new Map([
      ["default", { allowedVhosts: ["/"] }],
      ["private", { allowedNamespaces: ["elsewhere"] }],
    ]),
    registry,
    logger,
    nowMs: clock.read,
  });
  await operator.restore();
  for (let cycle = 0; cycle < 3; cycle++) {
    clock.advance(2);
    await operator.cycle();
    await operator.fastLook();
  }
  const conditionOf = (name: string, type: string) =>
    operator.autoscalers
      .find(({ resource }) => resource.metadata.name === name)
      ?.conditions.find((condition) => condition.type === type);
  return { fleet, broker, logger, registry, clock, conditionOf };
}

type Broken = {
  readonly spec?: object;
  readonly target?: boolean;
  readonly queue?: boolean;
  /** Of all ten. */
  readonly workers?: WorkerSource;
};
type Case = readonly [
  title: string,
  broken: Broken,
  condition: readonly [type: string, reason: string],
  message: string,
  replicas: "scaled" | "untouched",
];

describe("one broken among ten leaves the other nine alone", () => {
  const cases: readonly Case[] = [
    [
      "a target that is missing",
      { target: false },
      ["Ready", "TargetUnknown"],
      "there is no default/Deployment/broken",
      "untouched",
    ],
    [
      "a queue that is missing",
      { queue: false },
      ["SignalsFresh", "QueueUnknown"],
      "Queue queue-broken in vhost / does not exist: declare it",
      "untouched",
    ],
    [
      "a broker that nobody knows",
      { spec: { broker: "nobody" } },
      ["Ready", "BrokerUnknown"],
      "it knows default, private",
      "untouched",
    ],
    [
      "a broker that is not for this namespace",
      { spec: { broker: "private" } },
      ["Ready", "BrokerNotAllowed"],
      "allowedNamespaces",
      "untouched",
    ],
    [
      "a vhost that is not allowed",
      { spec: { queues: [{ name: "queue-broken", vhost: "east" }] } },
      ["Ready", "BrokerNotAllowed"],
      "allowedVhosts",
      "untouched",
    ],
    [
      "a floor that is wrong",
      { spec: { floor: { promql: "ceil(" } } },
      ["SignalsFresh", "FloorUnknown"],
      'The floor ceil( has no value and asks for nothing: Parse error in "ceil(". Correct',
      "scaled",
    ],
    [
      "a pattern that matches 10,000 queues",
      { spec: { queues: [{ pattern: "^many-" }] } },
      ["SignalsFresh", "PatternTooWide"],
      "matches 10000 queues",
      "untouched",
    ],
    [
      "a pattern that matches none",
      { spec: { queues: [{ pattern: "^none-" }] } },
      ["SignalsFresh", "PatternMatchesNothing"],
      "matches no queue",
      "untouched",
    ],
  ];

  test.each(cases)("%s", async (_title, broken, ...[[type, reason], message, replicas]) => {
    const { fleet, conditionOf, logger } = await ten(broken);
    expect(conditionOf("broken", type)).toMatchObject({
      status: "False",
      reason,
      message: expect.stringContaining(message),
    });
    expect(fleet.desiredCount(targetOf("broken")) > 0).toBe(replicas === "scaled");
    for (const name of nine) {
      expect(conditionOf(name, "Ready"), name).toMatchObject({ status: "True" });
      expect(conditionOf(name, "SignalsFresh"), name).toMatchObject({ status: "True" });
      expect(fleet.desiredCount(targetOf(name)), name).toBeGreaterThan(0);
    }
    expect(logger.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test.each([
    "Prometheus at http://nowhere:9090 cannot be reached: nothing listens there",
    "Prometheus at http://nowhere:9090 refused a request without credentials (401): correct the credentials",
  ])("%s: all ten follow their queues, and each says so", async (problem) => {
    const workers = { read: () => Promise.resolve({ queues: new Map(), problem }) };
    const { fleet, conditionOf } = await ten({ workers });
    for (const name of [...nine, "broken"]) {
      expect(fleet.desiredCount(targetOf(name)), name).toBeGreaterThan(0);
      expect(conditionOf(name, "ObjectiveMet"), name).toMatchObject({
        status: "Unknown",
        message: expect.stringContaining(problem),
      });
    }
  });

  test("a queue that is missing is logged once, and the broker counts as read", async () => {
    const { logger, registry, clock } = await ten({ queue: false });
    const said = logger.lines.filter(({ message }) => message === "queues are unknown");
    expect(said.map(({ level, fields }) => [level, fields["because"], fields["count"]])).toEqual([
      ["warn", expect.stringContaining("queue queue-broken in vhost / does not exist"), 1],
    ]);
    expect(await registry.metrics()).toContain(
      `millrace_broker_last_success_timestamp_seconds ${clock.read() / 1_000}`,
    );
  });

  test("queues of a broker that is not allowed are never read", async () => {
    const { broker } = await ten({ spec: { queues: [{ name: "queue-broken", vhost: "east" }] } });
    expect(broker.reads.flat().filter((key) => key.includes("east"))).toEqual([]);
    expect(broker.reads.flat().length).toBeGreaterThan(0);
  });
});
