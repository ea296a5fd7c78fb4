import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { BrokerSource } from "../operator/ports.ts";

export type RabbitmqBroker = {
  /** As in `spec.broker` and QueueRef.broker. */
  readonly name: string;
  /** amqp:// or amqps:// with credentials; its path (the vhost) is not used, each queue names its own. */
  readonly url: string;
  /** http:// or https:// of the management API, with credentials. Without it only ready and consumers are known. */
  readonly managementUrl?: string;
};

export type RabbitmqBrokerSourceOptions = {
  readonly brokers: readonly RabbitmqBroker[];
  readonly logger?: Logger;
  readonly nowMs?: () => number;
};

/** Queue depths by passive declares, and by the management API where one is given. */
export const createRabbitmqBrokerSource = (
  _options: RabbitmqBrokerSourceOptions,
): BrokerSource & Service => ({
  start: async () => {},
  stop: async () => {},
  read: async () => ({ queues: new Map(), problem: "not built yet" }),
});
