import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { BrokerBlock, BrokerSample } from "./ports.ts";
import { createQueueMetrics } from "./queue-metrics.ts";

function setup() {
  const registry = new Registry();
  const one = new Autoscaler(autoscalerResource(), { saved: undefined, decisionsKept: 100, nowMs: 0 });
  const other = new Autoscaler(autoscalerResource(), { saved: undefined, decisionsKept: 100, nowMs: 0 });
  createQueueMetrics(registry, () => [one, other]);
  const fleet = {
    kind: "observed",
    fleet: { desired: 0, ready: 0, draining: 0, starting: [], uncreated: 0, rollout: false },
  } as const;
  const decide = (sample: BrokerSample) => {
    for (const autoscaler of [one, other])
      autoscaler.decide({ broker: { sample, atMs: 0 }, fleet, staleAfterSeconds: 30, nowMs: 0 });
  };
  return {
    see: (block: Partial<BrokerBlock>, oldestSeconds?: number) => {
      const queues = new Map([["default///jobs.image", { ageSeconds: 0, epoch: "1", ready: 0, ...block }]]);
      const oldestAgeSeconds = new Map(
        oldestSeconds === undefined ? [] : [["default///jobs.image", oldestSeconds]],
      );
      decide({ queues, oldestAgeSeconds });
    },
    unsee: () => decide({ queues: new Map() }),
    value: async (name: string): Promise<number | undefined> => {
      const line = (await registry.metrics())
        .split("\n")
        .find((text) => text.startsWith(`millrace_queue_${name}{`));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    },
  };
}

test("a queue that two autoscalers name is counted once", async () => {
  const { see, value } = setup();
  see({ ready: 7, unacked: 2, consumers: 3 });
  expect([await value("messages_ready"), await value("messages_unacked"), await value("consumers")]).toEqual([
    7, 2, 3,
  ]);
});

test("the age of the first message is told while it is known", async () => {
  const { see, value } = setup();
  see({ ready: 7 }, 12.5);
  expect(await value("oldest_message_age_seconds")).toBe(12.5);
  see({ ready: 7 });
  expect(await value("oldest_message_age_seconds")).toBeUndefined();
});

test("what the broker does not tell has no series", async () => {
  const { see, value } = setup();
  see({ ready: 7 });
  expect(await value("messages_unacked")).toBeUndefined();
  expect(await value("messages_published_total")).toBeUndefined();
});

test("totals grow by what the broker's grow, and a new epoch adds nothing", async () => {
  const { see, value } = setup();
  see({ published: 1_000 });
  expect(await value("messages_published_total")).toBe(0);
  see({ published: 1_010 });
  expect(await value("messages_published_total")).toBe(10);
  expect(await value("messages_published_total")).toBe(10);
  see({ epoch: "2", published: 5 });
  expect(await value("messages_published_total")).toBe(10);
  see({ epoch: "2", published: 9 });
  expect(await value("messages_published_total")).toBe(14);
});

test("totals have no series while they are not told, and then go on from where they were", async () => {
  const { see, value } = setup();
  see({ published: 1_000 });
  expect(await value("messages_published_total")).toBe(0);
  see({ published: 1_015 });
  expect(await value("messages_published_total")).toBe(15);
  see({});
  expect(await value("messages_published_total")).toBeUndefined();
  see({ published: 1_020 });
  expect(await value("messages_published_total")).toBe(20);
});

test("a queue that is not read has no totals", async () => {
  const { see, unsee, value } = setup();
  see({ settled: 40 });
  expect(await value("messages_acked_total")).toBe(0);
  unsee();
  expect(await value("messages_acked_total")).toBeUndefined();
  see({ settled: 42 });
  expect(await value("messages_acked_total")).toBe(2);
});
