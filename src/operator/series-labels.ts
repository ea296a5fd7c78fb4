import type { Autoscaler } from "./autoscaler.ts";
import type { QueueRef } from "./ports.ts";
import type { Labels } from "./scraped-metric.ts";

export const autoscalerLabelNames = ["namespace", "autoscaler"] as const;
export const queueLabelNames = ["broker", "vhost", "queue"] as const;

/** The labels of each autoscaler and queue, made once and dropped with it: always the same object, as a Series asks. */
export class SeriesLabels {
  readonly #autoscalers = new WeakMap<Autoscaler, Labels>();
  readonly #queues = new WeakMap<QueueRef, Labels>();
  readonly #watched = new WeakMap<Autoscaler, WeakMap<QueueRef, Labels>>();

  autoscaler(autoscaler: Autoscaler): Labels {
    return kept(this.#autoscalers, autoscaler, () => {
      const { namespace, name } = autoscaler.resource.metadata;
      return { namespace, autoscaler: name };
    });
  }

  queue(ref: QueueRef): Labels {
    return kept(this.#queues, ref, () => ({ broker: ref.broker, vhost: ref.vhost, queue: ref.name }));
  }

  /** A queue as one autoscaler's. */
  watched(autoscaler: Autoscaler, ref: QueueRef): Labels {
    const own = kept(this.#watched, autoscaler, () => new WeakMap<QueueRef, Labels>());
    return kept(own, ref, () => ({ ...this.autoscaler(autoscaler), ...this.queue(ref) }));
  }
}

function kept<K extends WeakKey, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  const before = map.get(key);
  if (before !== undefined) return before;
  const made = make();
  map.set(key, made);
  return made;
}
