import { ConfigError } from "../config-error.ts";
import type { Channel } from "./link.ts";

export type TopologyOptions = {
  /** Begins every name. Default `jobs`. */
  readonly prefix?: string;
  /** Default quorum: replicated, at-least-once dead-lettering, delivery limit. Classic has none of these. */
  readonly queueType?: "quorum" | "classic";
  /** The delays that retries can have, ascending. Default 1 s, 5 s, 30 s, 2 min, 10 min. */
  readonly delayStepsMs?: readonly number[];
  /** The broker dead-letters a job after so many failed deliveries (crashed workers); at least 1, default 20. */
  readonly deliveryLimit?: number;
  /** Ready jobs per queue, beyond which publishes are refused. Default 1,000,000. */
  readonly maxLength?: number;
};

/** Names and arguments of everything on the broker. Arguments are fixed once declared: other ones need other names. */
export type Topology = Readonly<Required<TopologyOptions>> & {
  /** `jobs.<type>` */
  readonly queueOf: (type: string) => string;
  /** `jobs.dead`: fanout, for the broker's own dead-lettering and the workers' */
  readonly deadExchange: string;
  /** `jobs.dlq` */
  readonly deadQueue: string;
  /** `jobs.state`: the jobs' events; declared by the gateway only */
  readonly stateQueue: string;
  /** `jobs.delay.<step>`: a fanout and a queue of the same name */
  readonly delayExchangeOf: (stepMs: number) => string;
};

/** AMQP's names are at most 255 bytes; a type is at most 100. */
const PREFIX = /^[A-Za-z0-9._-]{1,50}$/;
const MAX_STEP_MS = 86_400_000;

/** @throws ConfigError naming every option out of range */
export function topologyOf(options: TopologyOptions = {}): Topology {
  const {
    prefix = "jobs",
    queueType = "quorum",
    delayStepsMs = [1_000, 5_000, 30_000, 120_000, 600_000],
    deliveryLimit = 20,
    maxLength = 1_000_000,
  } = options;
  const problems = [
    ...(PREFIX.test(prefix)
      ? []
      : [`prefix: expected 1 to 50 letters, digits, ".", "_" or "-", got "${prefix}"`]),
    ...(areSteps(delayStepsMs)
      ? []
      : [
          `delayStepsMs: expected 1 to 20 ascending whole numbers from 1 to ${MAX_STEP_MS}, got ${delayStepsMs.join(", ")}`,
        ]),
    ...(isWhole(deliveryLimit, 1_000) ? [] : [`deliveryLimit: expected 1 to 1000, got ${deliveryLimit}`]),
    ...(isWhole(maxLength, 1e9) ? [] : [`maxLength: expected 1 to 1000000000, got ${maxLength}`]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    prefix,
    queueType,
    delayStepsMs: Object.freeze([...delayStepsMs]),
    deliveryLimit,
    maxLength,
    queueOf: (type: string) => `${prefix}.${type}`,
    deadExchange: `${prefix}.dead`,
    deadQueue: `${prefix}.dlq`,
    stateQueue: `${prefix}.state`,
    delayExchangeOf: (stepMs: number) => `${prefix}.delay.${stepName(stepMs)}`,
  });
}

/**
 * For the queues whose messages never cause the end of who reads them. RabbitMQ 4 drops a message after 20 deliveries
 * unless told otherwise; the -1 that means "never" there makes 3.10 drop it after the first.
 */
const ENDLESS_DELIVERIES = 1_000_000;

/** The queue of one job type. */
export async function assertJobQueue(channel: Channel, topology: Topology, type: string): Promise<void> {
  const { queueType, deliveryLimit, maxLength, deadExchange } = topology;
  await channel.assertQueue(topology.queueOf(type), {
    durable: true,
    arguments: {
      "x-queue-type": queueType,
      "x-max-length": maxLength,
      "x-overflow": "reject-publish",
      "x-dead-letter-exchange": deadExchange,
      ...(queueType === "quorum"
        ? { "x-delivery-limit": deliveryLimit, "x-dead-letter-strategy": "at-least-once" }
        : {}),
    },
  });
}

/**
 * A fanout and a queue for each delay step. What is published to the fanout with the job queue's name as its routing
 * key keeps that key: after the step the broker routes it there through the default exchange.
 */
export async function assertDelaySteps(channel: Channel, topology: Topology): Promise<void> {
  for (const stepMs of topology.delayStepsMs) {
    const name = topology.delayExchangeOf(stepMs);
    await channel.assertExchange(name, "fanout", { durable: true });
    await channel.assertQueue(name, {
      durable: true,
      arguments: {
        "x-queue-type": topology.queueType,
        "x-message-ttl": stepMs,
        "x-dead-letter-exchange": "",
        ...(topology.queueType === "quorum"
          ? { "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" }
          : {}),
      },
    });
    await channel.bindQueue(name, name, "");
  }
}

/** The dead letters' fanout and queue. */
export async function assertDeadLetters(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertExchange(topology.deadExchange, "fanout", { durable: true });
  await channel.assertQueue(topology.deadQueue, {
    durable: true,
    arguments: { "x-queue-type": topology.queueType, ...endlessDeliveries(topology) },
  });
  await channel.bindQueue(topology.deadQueue, topology.deadExchange, "");
}

/** The queue of events, with the dead letters bound to it too. Only the gateway declares it: without one it would fill. */
export async function assertStateQueue(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertExchange(topology.deadExchange, "fanout", { durable: true });
  await channel.assertQueue(topology.stateQueue, {
    durable: true,
    arguments: {
      "x-queue-type": topology.queueType,
      "x-max-length": topology.maxLength,
      "x-overflow": "reject-publish",
      ...endlessDeliveries(topology),
    },
  });
  await channel.bindQueue(topology.stateQueue, topology.deadExchange, "");
}

function endlessDeliveries({ queueType }: Topology): { readonly "x-delivery-limit"?: number } {
  return queueType === "quorum" ? { "x-delivery-limit": ENDLESS_DELIVERIES } : {};
}

/** `20ms`, `5s`, `2m`, `3h`: the largest unit that divides it. */
function stepName(stepMs: number): string {
  if (stepMs % 3_600_000 === 0) return `${stepMs / 3_600_000}h`;
  if (stepMs % 60_000 === 0) return `${stepMs / 60_000}m`;
  if (stepMs % 1_000 === 0) return `${stepMs / 1_000}s`;
  return `${stepMs}ms`;
}

function areSteps(stepsMs: readonly number[]): boolean {
  const ascending = stepsMs.every((stepMs, index) => index === 0 || stepMs > (stepsMs[index - 1] ?? 0));
  return (
    stepsMs.length >= 1 &&
    stepsMs.length <= 20 &&
    ascending &&
    stepsMs.every((ms) => isWhole(ms, MAX_STEP_MS))
  );
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
