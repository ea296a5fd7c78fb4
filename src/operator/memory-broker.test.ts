import { describe } from "vitest";
import {
  describeBrokerSource,
  describeMatchingBroker,
} from "../../test/conformance/broker-source-conformance.ts";
import { MemoryBroker } from "../../test/fakes/memory-broker.ts";

describe("the broker in memory", () => {
  describeBrokerSource(async () => {
    const source = new MemoryBroker();
    const queue = source.declare("jobs.x");
    return {
      source,
      queue,
      missing: { ...queue, key: "default///jobs.none", name: "jobs.none" },
      publish: async (messages) => source.publish(queue, messages),
      goAway: async () => {
        source.awayBecause = "connection refused";
      },
      close: async () => {},
    };
  });

  describeMatchingBroker(async () => {
    const source = new MemoryBroker();
    let declared: readonly ReturnType<MemoryBroker["declare"]>[] = [];
    return {
      source,
      broker: "default",
      vhost: "/",
      async declareOnly(names) {
        for (const ref of declared) source.delete(ref);
        declared = names.map((name) => source.declare(name));
      },
      close: async () => {},
    };
  });
});
