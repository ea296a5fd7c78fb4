import { describe } from "vitest";
import { describeBrokerSource } from "../../test/conformance/broker-source-conformance.ts";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { MemoryWorld } from "../../test/fakes/memory-world.ts";

describe("the broker of the world in memory", () => {
  describeBrokerSource(async () => {
    const clock = new ManualClock();
    const target = {
      apiVersion: "millrace.dev/v1alpha1",
      kind: "ProcessPool",
      namespace: "default",
      name: "w",
    };
    const queue = { key: "default///jobs.x", broker: "default", vhost: "/", name: "jobs.x" };
    const world = new MemoryWorld({ clock, fleet: new MemoryFleet([target], { clock }), target, queue });
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
