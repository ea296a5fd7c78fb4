import { describe } from "vitest";
import { describeBrokerSource } from "../../test/conformance/broker-source-conformance.ts";
import { describeWorkerSource } from "../../test/conformance/worker-source-conformance.ts";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { MemoryWorld } from "../../test/fakes/memory-world.ts";

const target = { apiVersion: "millrace.dev/v1alpha1", kind: "ProcessPool", namespace: "default", name: "w" };
const queue = { key: "default///jobs.x", broker: "default", vhost: "/", name: "jobs.x" };
const worldInMemory = () => {
  const clock = new ManualClock();
  const fleet = new MemoryFleet([target], { clock });
  return { fleet, world: new MemoryWorld({ clock, fleet, target, queue }) };
};

describe("the broker of the world in memory", () => {
  describeBrokerSource(async () => {
    const { world } = worldInMemory();
    world.brokerTellsHolders = true;
    return {
      source: world.asBroker(),
      queue,
      missing: { ...queue, key: "default///jobs.none", name: "jobs.none" },
      publish: async (messages) => world.publish(messages),
      goAway: async () => {
        world.broker = "away";
      },
      close: async () => {},
    };
  });
});

describe("the workers of the world in memory", () => {
  describeWorkerSource(async () => {
    const { fleet, world } = worldInMemory();
    world.workersTellReplicas = true;
    return {
      source: world.asWorkers(),
      queue,
      async bringUp() {
        await fleet.scaleTo(target, { from: 0, to: 2, explanation: "" });
        world.advance(2);
      },
      async startJobs() {
        world.publish(2);
        world.advance(0.1);
      },
      finishJobs: async () => world.advance(1.1),
      goAway: async () => {
        world.workers = "away";
      },
      close: async () => {},
    };
  });
});
