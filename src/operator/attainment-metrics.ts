import type { Registry } from "prom-client";
import type { Autoscaler } from "./autoscaler.ts";
import { FollowedTotals } from "./followed-totals.ts";
import type { WorkersBlock } from "./ports.ts";
import type { WatchedQueue } from "./queue-set.ts";
import { registerScrapedCounter, registerScrapedGauge, type Series } from "./scraped-metric.ts";
import { autoscalerLabelNames, queueLabelNames, SeriesLabels } from "./series-labels.ts";

const labelNames = [...autoscalerLabelNames, ...queueLabelNames];
/** As in the control step: seconds that went through text and back are still the same edge. */
const edgeTolerance = 1e-6;

/**
 * Registers, for each queue of each autoscaler, its promised wait and the jobs that the promise is counted by. Both
 * counters come from one reading of the workers' histogram, so that their ratio is right over any window: where the wait
 * is no edge of it, neither moves.
 */
export function createAttainmentMetrics(registry: Registry, autoscalers: () => readonly Autoscaler[]): void {
  const labels = new SeriesLabels();
  registerScrapedGauge(registry, {
    name: "millrace_queue_objective_wait_seconds",
    help: "How long a job of this queue may wait: the queue's own promise, or the objective's.",
    labelNames,
    series: () =>
      autoscalers().flatMap((autoscaler) =>
        autoscaler.queues.map((queue) => ({
          of: labels.watched(autoscaler, queue.ref),
          value: waitOf(autoscaler, queue),
        })),
      ),
  });
  const counters = [
    [
      "started",
      "Jobs whose wait the workers measured: first attempts, not redelivered. Only where the promised wait is an edge of their histogram.",
    ],
    ["started_in_time", "Those of millrace_jobs_started_total that started within the promised wait."],
  ] as const;
  const followed = new FollowedTotals();
  counters.forEach(([name, help], index) => {
    registerScrapedCounter(registry, {
      name: `millrace_jobs_${name}_total`,
      help,
      labelNames,
      series: () => {
        // A scrape asks in the order of registration: the second tells what the first has read.
        if (index === 0) follow(followed, autoscalers());
        return autoscalers().flatMap((autoscaler) =>
          autoscaler.queues.flatMap(({ ref }): readonly Series[] => {
            const value = followed.totals(keyOf(autoscaler, ref.key))?.[index];
            return value === undefined ? [] : [{ of: labels.watched(autoscaler, ref), value }];
          }),
        );
      },
    });
  });
}

function follow(followed: FollowedTotals, autoscalers: readonly Autoscaler[]): void {
  const keys = new Set<string>();
  for (const autoscaler of autoscalers) {
    const blocks = new Map(autoscaler.latest?.readings?.queues.map(({ id, workers }) => [id, workers]));
    for (const queue of autoscaler.queues) {
      const key = keyOf(autoscaler, queue.ref.key);
      keys.add(key);
      const waitSeconds = waitOf(autoscaler, queue);
      const workers = blocks.get(queue.ref.key);
      const counts = workers && countsOf(workers, waitSeconds);
      if (workers === undefined || counts === undefined) continue;
      // Another promise counts other jobs as in time: nothing to compare with what was before.
      followed.follow(key, JSON.stringify([workers.epoch, waitSeconds]), counts);
    }
  }
  followed.keep(keys);
}

/** All that started, and those in time; undefined where that is not known. */
function countsOf(
  { waits }: WorkersBlock,
  waitSeconds: number,
): readonly [started: number, inTime: number] | undefined {
  if (waits === undefined) return undefined;
  const edge = waits.edgesSeconds.findIndex(
    (seconds) => Math.abs(seconds - waitSeconds) <= edgeTolerance * waitSeconds,
  );
  const [started, inTime] = [waits.counts.at(-1), waits.counts[edge]];
  if (started === undefined || inTime === undefined) return undefined;
  return inTime >= 0 && inTime <= started ? [started, inTime] : undefined;
}

const waitOf = ({ resource }: Autoscaler, { waitSeconds }: WatchedQueue): number =>
  Math.min(waitSeconds ?? Number.POSITIVE_INFINITY, resource.spec.objective.waitSeconds);

const keyOf = ({ key }: Autoscaler, queue: string): string => JSON.stringify([key, queue]);
