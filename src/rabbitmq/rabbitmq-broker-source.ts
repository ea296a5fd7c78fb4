import { type Logger, silentLogger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { BrokerSource } from "../operator/ports.ts";
import { BrokerReader } from "./broker-reader.ts";

type RabbitmqBroker = {
  /** As in `spec.broker` and QueueRef.broker. */
  readonly name: string;
  /** amqp:// or amqps:// with credentials; its path (the vhost) is not used, each queue names its own. */
  readonly url: string;
  /** http:// or https:// of the management API, with credentials. Without it only ready and consumers are known. */
  readonly managementUrl?: string;
};

export type RabbitmqBrokerSourceOptions = {
  readonly brokers: readonly RabbitmqBroker[];
  /** Of one broker. Default 1000. What is beyond is answered from before, with its age. */
  readonly maxDeclaresPerSecond?: number;
  /** From one management poll to the next; longer where a poll takes more than a tenth of it. Default 5000. */
  readonly managementPeriodMs?: number;
  /** The broker's collect_statistics_interval: its statistics may be that old. Default 5. */
  readonly statisticsIntervalSeconds?: number;
  readonly logger?: Logger;
  readonly nowMs?: () => number;
};

/**
 * Queue depths by passive declares, one connection for each vhost, made when it is first asked about; and where the
 * management API is given, what it counts. The broker may be away at start.
 */
export const createRabbitmqBrokerSource = (options: RabbitmqBrokerSourceOptions): BrokerSource & Service => {
  const { logger = silentLogger, nowMs = Date.now } = options;
  const brokers = new Map(
    options.brokers.map(({ name, url, managementUrl }) => [
      name,
      new BrokerReader({
        url,
        ...(managementUrl !== undefined && { managementUrl }),
        maxDeclaresPerSecond: options.maxDeclaresPerSecond ?? 1_000,
        managementPeriodMs: options.managementPeriodMs ?? 5_000,
        statisticsIntervalMs: (options.statisticsIntervalSeconds ?? 5) * 1_000,
        logger,
        nowMs,
      }),
    ]),
  );
  return {
    async start() {
      for (const broker of brokers.values()) await broker.start();
    },
    async stop() {
      await Promise.all([...brokers.values()].map((broker) => broker.stop()));
    },
    async read(queues, signal) {
      const byBroker = Map.groupBy(queues, ({ broker }) => broker);
      const samples = await Promise.all(
        [...byBroker].map(async ([name, refs]) => {
          const sample = await brokers.get(name)?.read(refs, signal);
          if (sample === undefined) return { queues: new Map(), problem: `no broker ${name} is configured` };
          return sample.problem === undefined
            ? sample
            : { ...sample, problem: `broker ${name}: ${sample.problem}` };
        }),
      );
      const problems = samples.flatMap(({ problem }) => problem ?? []);
      return {
        queues: new Map(samples.flatMap((sample) => [...sample.queues])),
        ...(problems.length > 0 && { problem: problems.join("; ") }),
      };
    },
  };
};
