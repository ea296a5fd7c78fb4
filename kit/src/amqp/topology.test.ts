import { expect, test } from "vitest";
import { ConfigError } from "../config-error.ts";
import type { Channel } from "./link.ts";
import {
  assertDeadLetters,
  assertDelaySteps,
  assertJobQueue,
  assertStateQueue,
  topologyOf,
} from "./topology.ts";

/** Writes down what is declared. */
const recorder = (): { readonly channel: Channel; readonly declared: unknown[] } => {
  const declared: unknown[] = [];
  const record =
    (what: string) =>
    async (...args: readonly unknown[]): Promise<void> => {
      declared.push([what, ...args]);
    };
  const channel: unknown = {
    assertQueue: record("queue"),
    assertExchange: record("exchange"),
    bindQueue: record("bind"),
  };
  return { channel: channel as Channel, declared };
};

test("the defaults: quorum, five delay steps, 20 deliveries, a million jobs, publishes refused when full", () => {
  expect(topologyOf()).toMatchObject({
    prefix: "jobs",
    queueType: "quorum",
    delayStepsMs: [1_000, 5_000, 30_000, 120_000, 600_000],
    deliveryLimit: 20,
    maxLength: 1_000_000,
    deadExchange: "jobs.dead",
    deadQueue: "jobs.dlq",
    stateQueue: "jobs.state",
  });
});

test("a job's queue dead-letters at least once into the dead letters' exchange", async () => {
  const { channel, declared } = recorder();
  await assertJobQueue(channel, topologyOf(), "mail");
  expect(declared).toEqual([
    [
      "queue",
      "jobs.mail",
      {
        durable: true,
        arguments: {
          "x-queue-type": "quorum",
          "x-max-length": 1_000_000,
          "x-overflow": "reject-publish",
          "x-dead-letter-exchange": "jobs.dead",
          "x-delivery-limit": 20,
          "x-dead-letter-strategy": "at-least-once",
        },
      },
    ],
  ]);
});

test("a delay step is a fanout and a queue whose expired jobs keep their routing key", async () => {
  const { channel, declared } = recorder();
  await assertDelaySteps(channel, topologyOf({ delayStepsMs: [120_000] }));
  expect(declared).toEqual([
    ["exchange", "jobs.delay.2m", "fanout", { durable: true }],
    [
      "queue",
      "jobs.delay.2m",
      {
        durable: true,
        arguments: {
          "x-queue-type": "quorum",
          "x-message-ttl": 120_000,
          "x-dead-letter-exchange": "",
          "x-dead-letter-strategy": "at-least-once",
          "x-overflow": "reject-publish",
        },
      },
    ],
    ["bind", "jobs.delay.2m", "jobs.delay.2m", ""],
  ]);
});

test("only the gateway's state queue and the dead letters' queue are bound to the dead letters", async () => {
  const { channel, declared } = recorder();
  await assertDeadLetters(channel, topologyOf());
  await assertStateQueue(channel, topologyOf());
  expect(declared.filter((each) => Array.isArray(each) && each[0] === "bind")).toEqual([
    ["bind", "jobs.dlq", "jobs.dead", ""],
    ["bind", "jobs.state", "jobs.dead", ""],
  ]);
});

test("events and dead letters have a delivery limit that is never met: newer brokers would drop them after 20", async () => {
  const { channel, declared } = recorder();
  await assertDeadLetters(channel, topologyOf());
  await assertStateQueue(channel, topologyOf());
  const endless = { durable: true, arguments: expect.objectContaining({ "x-delivery-limit": 1_000_000 }) };
  expect(declared).toContainEqual(["queue", "jobs.dlq", endless]);
  expect(declared).toContainEqual(["queue", "jobs.state", endless]);
});

test("a classic queue has none of the quorum queue's arguments", async () => {
  const { channel, declared } = recorder();
  const topology = topologyOf({ queueType: "classic" });
  await assertJobQueue(channel, topology, "mail");
  await assertDeadLetters(channel, topology);
  await assertStateQueue(channel, topology);
  expect(JSON.stringify(declared)).not.toMatch(/delivery-limit|strategy/);
});

test("each step has a name of its own, in the largest unit that divides it", () => {
  const { delayExchangeOf } = topologyOf();
  expect([20, 1_500, 5_000, 90_000, 600_000, 7_200_000].map((ms) => delayExchangeOf(ms))).toEqual([
    "jobs.delay.20ms",
    "jobs.delay.1500ms",
    "jobs.delay.5s",
    "jobs.delay.90s",
    "jobs.delay.10m",
    "jobs.delay.2h",
  ]);
});

test("every wrong option is named at once", () => {
  const wrong = { prefix: "a b", delayStepsMs: [5, 5], deliveryLimit: 0, maxLength: 1.5 };
  const thrown = (() => {
    try {
      return topologyOf(wrong);
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(thrown instanceof ConfigError && thrown.problems.map((problem) => problem.split(":")[0])).toEqual([
    "prefix",
    "delayStepsMs",
    "deliveryLimit",
    "maxLength",
  ]);
});
