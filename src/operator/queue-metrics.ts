import type { Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import { FollowedTotals } from "./followed-totals.ts";
import type { BrokerBlock, QueueRef } from "./ports.ts";
import { registerScrapedCounter, registerScrapedGauge, type Series } from "./scraped-metric.ts";
import { autoscalerLabelNames, queueLabelNames, SeriesLabels } from "./series-labels.ts";

/** What the last look told of a queue. */
type SeenQueue = {
  readonly ref: QueueRef;
  readonly block: BrokerBlock | undefined;
  readonly oldestAgeSeconds: number | undefined;
};
type Told = readonly [name: string, help: string, read: (block: BrokerBlock) => number | undefined];

const gauges: readonly Told[] = [
  ["messages_ready", "Messages waiting, as the operator last saw them.", ({ ready }) => ready],
  [
    "messages_unacked",
    "Messages delivered and not settled, where the broker tells it.",
    ({ unacked }) => unacked,
  ],
  ["consumers", "Consumers of the queue, where the broker tells it.", ({ consumers }) => consumers],
  [
    "sample_age_seconds",
    "How old the ready count was when it was last used.",
    ({ ageSeconds }) => ageSeconds,
  ],
];
const totals: readonly Told[] = [
  ["published", "Messages published, where the broker tells it.", ({ published }) => published],
  ["delivered", "Messages delivered, where the broker tells it.", ({ delivered }) => delivered],
  ["acked", "Messages settled, where the broker tells it.", ({ settled }) => settled],
  ["redelivered", "Messages delivered again, where the broker tells it.", ({ redelivered }) => redelivered],
];

/** Registers the series of queues (labels broker, vhost, queue) and the join from autoscalers to them; filled at each scrape. */
export function createQueueMetrics(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  const labels = new SeriesLabels();
  for (const [name, help, read] of gauges) {
    registerScrapedGauge(registry, {
      name: `millrace_queue_${name}`,
      help,
      labelNames: queueLabelNames,
      series: () =>
        queuesOf(autoscalers()).flatMap(({ ref, block }): readonly Series[] => {
          const value = block && read(block);
          return value === undefined ? [] : [{ of: labels.queue(ref), value }];
        }),
    });
  }
  for (const total of totals) createQueueTotal(registry, total, { autoscalers, labels });
  registerScrapedGauge(registry, {
    name: "millrace_queue_oldest_message_age_seconds",
    help: "How long the first message has waited, by its publisher's timestamp, where the broker tells it: classic queues and the management API.",
    labelNames: queueLabelNames,
    series: () =>
      queuesOf(autoscalers()).flatMap(({ ref, oldestAgeSeconds }): readonly Series[] =>
        oldestAgeSeconds === undefined ? [] : [{ of: labels.queue(ref), value: oldestAgeSeconds }],
      ),
  });
  registerScrapedGauge(registry, {
    name: "millrace_autoscaler_queue_info",
    help: "1 for each queue of each autoscaler: joins series of queues with series of autoscalers.",
    labelNames: [...autoscalerLabelNames, ...queueLabelNames],
    series: () =>
      autoscalers().flatMap((autoscaler) =>
        autoscaler.queues.map(({ ref }) => ({ of: labels.watched(autoscaler, ref), value: 1 })),
      ),
  });
}

type Sources = { readonly autoscalers: () => readonly Autoscaler[]; readonly labels: SeriesLabels };

/** The broker's totals as a counter of this process. A queue that nobody names any more is dropped. */
function createQueueTotal(
  registry: Registry,
  [name, help, read]: Told,
  { autoscalers, labels }: Sources,
): void {
  const followed = new FollowedTotals();
  registerScrapedCounter(registry, {
    name: `millrace_queue_messages_${name}_total`,
    help,
    labelNames: queueLabelNames,
    series: () => {
      const queues = queuesOf(autoscalers());
      followed.keep(new Set(queues.map(({ ref }) => ref.key)));
      return queues.flatMap(({ ref, block }): readonly Series[] => {
        const told = block && read(block);
        // One that stood still meanwhile would read as a rate of 0.
        if (block === undefined || told === undefined) return [];
        followed.follow(ref.key, block.epoch, [told]);
        return (followed.totals(ref.key) ?? []).map((value) => ({ of: labels.queue(ref), value }));
      });
    },
  });
}

/** Each queue once, whatever the number of autoscalers that name it; the last of them that knows it tells of it. */
function queuesOf(autoscalers: readonly Autoscaler[]): readonly SeenQueue[] {
  const found = new Map<string, SeenQueue>();
  for (const autoscaler of autoscalers) {
    for (const seen of seenBy(autoscaler)) {
      const before = found.get(seen.ref.key);
      found.set(seen.ref.key, {
        ref: before?.ref ?? seen.ref,
        block: seen.block ?? before?.block,
        oldestAgeSeconds: seen.oldestAgeSeconds ?? before?.oldestAgeSeconds,
      });
    }
  }
  return [...found.values()];
}

function seenBy({ queues, latest }: Autoscaler): readonly SeenQueue[] {
  const blocks = new Map(latest?.readings?.queues.map(({ id, broker }) => [id, broker]));
  return queues.map(({ ref }) => ({
    ref,
    block: blocks.get(ref.key),
    oldestAgeSeconds: latest?.oldestAgeSeconds?.get(ref.key),
  }));
}
