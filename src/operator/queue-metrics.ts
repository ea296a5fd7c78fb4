import { Counter, Gauge, type Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import type { BrokerBlock, QueueRef } from "./ports.ts";

const queueLabels = ["broker", "vhost", "queue"] as const;
type QueueLabels = Record<(typeof queueLabels)[number], string>;

const gauges: readonly (readonly [
  name: string,
  help: string,
  read: (block: BrokerBlock) => number | undefined,
])[] = [
  ["ready", "Messages waiting, as the operator last saw them.", ({ ready }) => ready],
  ["unacked", "Messages delivered and not settled, where the broker tells it.", ({ unacked }) => unacked],
];
const totals: readonly (readonly [
  name: string,
  help: string,
  read: (block: BrokerBlock) => number | undefined,
])[] = [
  ["published", "Messages published, where the broker tells it.", ({ published }) => published],
  ["delivered", "Messages delivered, where the broker tells it.", ({ delivered }) => delivered],
  ["acked", "Messages settled, where the broker tells it.", ({ settled }) => settled],
  ["redelivered", "Messages delivered again, where the broker tells it.", ({ redelivered }) => redelivered],
];

/** Registers the series of queues (labels broker, vhost, queue) and the join from autoscalers to them; filled at each scrape. */
export function createQueueMetrics(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  for (const [name, help, read] of gauges) {
    createQueueGauge(registry, { name: `millrace_queue_messages_${name}`, help, read, autoscalers });
  }
  createQueueGauge(registry, {
    name: "millrace_queue_consumers",
    help: "Consumers of the queue, where the broker tells it.",
    read: ({ consumers }) => consumers,
    autoscalers,
  });
  createQueueGauge(registry, {
    name: "millrace_queue_sample_age_seconds",
    help: "How old the ready count was when it was last used.",
    read: ({ ageSeconds }) => ageSeconds,
    autoscalers,
  });
  for (const [name, help, read] of totals) {
    createQueueTotal(registry, { name: `millrace_queue_messages_${name}_total`, help, read, autoscalers });
  }
  createJoin(registry, autoscalers);
}

type QueueSeries = {
  readonly name: string;
  readonly help: string;
  readonly read: (block: BrokerBlock) => number | undefined;
  readonly autoscalers: () => readonly Autoscaler[];
};

function createQueueGauge(registry: Registry, { name, help, read, autoscalers }: QueueSeries): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      labelNames: [...queueLabels],
      registers: [],
      collect() {
        this.reset();
        for (const { labels, block } of blocksOf(autoscalers())) {
          const value = read(block);
          if (value !== undefined) this.set(labels, value);
        }
      },
    }),
  );
}

/** The broker's totals as a counter of this process: it grows by what they grow, and a new epoch adds nothing. */
function createQueueTotal(registry: Registry, { name, help, read, autoscalers }: QueueSeries): void {
  const seen = new Map<string, { readonly epoch: string; readonly value: number }>();
  registry.registerMetric(
    new Counter({
      name,
      help,
      labelNames: [...queueLabels],
      registers: [],
      collect() {
        for (const { key, labels, block } of blocksOf(autoscalers())) {
          const value = read(block);
          if (value === undefined) continue;
          const before = seen.get(key);
          const grown = before?.epoch === block.epoch ? Math.max(0, value - before.value) : 0;
          seen.set(key, { epoch: block.epoch, value });
          this.inc(labels, grown);
        }
      },
    }),
  );
}

function createJoin(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  registry.registerMetric(
    new Gauge({
      name: "millrace_autoscaler_queue_info",
      help: "1 for each queue of each autoscaler: joins series of queues with series of autoscalers.",
      labelNames: ["namespace", "autoscaler", ...queueLabels],
      registers: [],
      collect() {
        this.reset();
        for (const { resource, queues } of autoscalers()) {
          const { namespace, name } = resource.metadata;
          for (const { ref } of queues) this.set({ namespace, autoscaler: name, ...labelsOf(ref) }, 1);
        }
      },
    }),
  );
}

/** Each queue once, whatever the number of autoscalers that name it. */
function blocksOf(
  autoscalers: readonly Autoscaler[],
): Iterable<{ key: string; labels: QueueLabels; block: BrokerBlock }> {
  const found = new Map<string, { key: string; labels: QueueLabels; block: BrokerBlock }>();
  for (const { queues, latest } of autoscalers) {
    for (const { ref } of queues) {
      const block = latest?.readings?.queues.find(({ id }) => id === ref.key)?.broker;
      if (block !== undefined) found.set(ref.key, { key: ref.key, labels: labelsOf(ref), block });
    }
  }
  return found.values();
}

const labelsOf = ({ broker, vhost, name }: QueueRef): QueueLabels => ({ broker, vhost, queue: name });
