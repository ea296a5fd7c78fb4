import { describe, expect } from "vitest";
import { createRabbitmqBrokerSource } from "../../../src/rabbitmq/rabbitmq-broker-source.ts";
import { describeMatchingBroker } from "../../conformance/broker-source-conformance.ts";
import { freshVhost } from "../../support/fresh-vhost.ts";

describe("RabbitMQ lists its queues", () => {
  describeMatchingBroker(async () => {
    const fresh = await freshVhost();
    const { vhost } = fresh;
    const source = createRabbitmqBrokerSource({
      brokers: [{ name: "default", amqpUrl: fresh.amqpUrl(), managementUrl: fresh.managementUrl }],
      managementPeriodMs: 200,
    });
    await source.start();
    let declared: readonly string[] = [];
    const pattern = "^(jobs|mail)";
    const all = { key: `default/${vhost}/${pattern}`, broker: "default", vhost, pattern };
    /** As many as there are when they are the right ones. */
    const listed = (names: readonly string[]) => {
      const match = source.match([all]).get(all.key);
      if (match?.kind === "too-many") return match.count;
      return match?.kind === "matched" && match.names.join() === names.toSorted().join() ? names.length : -1;
    };
    return {
      source,
      broker: "default",
      vhost,
      async declareOnly(names) {
        const gone = declared.filter((name) => !names.includes(name));
        for (const name of gone) await fresh.manage("DELETE", `queues/{vhost}/${name}`);
        for (const name of names) await fresh.manage("PUT", `queues/{vhost}/${name}`, { durable: true });
        declared = names;
        await expect.poll(() => listed(names), { timeout: 15_000, interval: 50 }).toBe(names.length);
      },
      async close() {
        await source.stop();
        await fresh.remove();
      },
    };
  });
});
