import { type Logger, silentLogger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { BrokerSample, BrokerSource } from "../operator/ports.ts";
import { BrokerReader } from "./broker-reader.ts";
import type { BrokerOptions } from "./options.ts";

export type RabbitmqBrokerSourceOptions = {
  readonly brokers: readonly BrokerOptions[];
  /** From one management poll to the next; longer where a poll takes more than a tenth of it. Default 5000. */
  readonly managementPeriodMs?: number;
  readonly logger?: Logger;
  readonly nowMs?: () => number;
};

/** Problems told at once; the rest is counted. */
const maxProblems = 5;

/**
 * Queue depths by passive declares, one connection for each vhost, made when it is first asked about; and where the
 * management API is given, what it counts, lists and who holds what. The brokers may be away at start.
 */
export const createRabbitmqBrokerSource = (
  options: RabbitmqBrokerSourceOptions,
): Required<BrokerSource> & Service => {
  const { logger = silentLogger, nowMs = Date.now, managementPeriodMs = 5_000 } = options;
  const brokers = new Map(
    options.brokers.map((broker) => [
      broker.name,
      new BrokerReader({ broker, managementPeriodMs, logger, nowMs }),
    ]),
  );
  const notConfigured = (name: string): string =>
    `broker ${name} is not configured: use one of ${[...brokers.keys()].join(", ")}, or add it to the brokers file`;
  return {
    async start() {
      for (const broker of brokers.values()) await broker.start();
    },
    async stop() {
      await Promise.all([...brokers.values()].map((broker) => broker.stop()));
    },
    match: (patterns) =>
      new Map(
        patterns.map((pattern) => [
          pattern.key,
          brokers.get(pattern.broker)?.match(pattern) ?? {
            kind: "unknown",
            because: notConfigured(pattern.broker),
          },
        ]),
      ),
    async read(queues, signal, wanted) {
      const byBroker = Map.groupBy(queues, ({ broker }) => broker);
      const reads = await Promise.all(
        [...byBroker].map(async ([name, refs]) => {
          const read = await brokers.get(name)?.read(refs, signal);
          if (read !== undefined) return read;
          const why = notConfigured(name);
          return {
            queues: new Map(),
            oldestAgeSeconds: new Map(),
            unknown: new Map(refs.map(({ key }) => [key, why])),
            problems: [],
          };
        }),
      );
      const unknown = new Map(reads.flatMap((read) => [...read.unknown]));
      const problems = reads.flatMap((read) => read.problems);
      const holders = holdersOf(brokers, wanted?.holdersOf ?? new Set());
      return {
        queues: new Map(reads.flatMap((read) => [...read.queues])),
        oldestAgeSeconds: new Map(reads.flatMap((read) => [...read.oldestAgeSeconds])),
        ...(unknown.size > 0 && { unknown }),
        ...(problems.length > 0 && { problem: firstOf(problems) }),
        ...(holders.size > 0 && { holders }),
      };
    },
  };
};

const holdersOf = (
  brokers: ReadonlyMap<string, BrokerReader>,
  names: ReadonlySet<string>,
): NonNullable<BrokerSample["holders"]> =>
  new Map(
    [...names].flatMap((name) => {
      const holders = brokers.get(name)?.holders();
      return holders === undefined ? [] : [[name, holders] as const];
    }),
  );

const firstOf = (problems: readonly string[]): string => {
  const more = problems.length - maxProblems;
  return [...problems.slice(0, maxProblems), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
};
