import type { Autoscaler } from "../operator/autoscaler.ts";
import type { ChangesEvent, Summary } from "./contract.ts";
import { isStale, type Moment, summaryOf } from "./summary-of.ts";

/** Of one event; what is more comes with the next. A summary is about 1 kB and costs about 20 µs. */
export const summariesAtOnce = 1_000;

/** What the latest summary of an autoscaler was made from: while all of it is the same, so is the summary. */
type Seen = Pick<Autoscaler, "latest" | "conditions" | "resource"> & {
  readonly lastDecision: unknown;
  readonly isStale: boolean;
};

/**
 * Which autoscalers the readers do not know as they are now. What has waited longest comes first, and before it those for
 * which something was decided. Keeps a few references for each autoscaler, and no summaries.
 */
export class LiveSummaries {
  readonly #seen = new Map<string, Seen>();
  #byKey: ReadonlyMap<string, Autoscaler> = new Map();
  readonly #decided = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();

  /** Looks at all of them. */
  update(autoscalers: readonly Autoscaler[], moment: Moment): void {
    this.#byKey = new Map(autoscalers.map((autoscaler) => [autoscaler.key, autoscaler]));
    for (const [key, autoscaler] of this.#byKey) {
      const before = this.#seen.get(key);
      const now = seenOf(autoscaler, moment);
      if (before !== undefined && isSame(before, now)) continue;
      this.#seen.set(key, now);
      this.#removed.delete(key);
      const isDecided = before !== undefined && before.lastDecision !== now.lastDecision;
      (isDecided ? this.#decided : this.#changed).add(key);
    }
    for (const key of this.#seen.keys()) if (!this.#byKey.has(key)) this.#remove(key);
  }

  /** As `update`, but for a first reader, who knows nothing that could have changed. */
  begin(autoscalers: readonly Autoscaler[], moment: Moment): void {
    this.forget();
    this.update(autoscalers, moment);
    this.#changed.clear();
  }

  /** A first picture for a new reader. What is beyond it counts as changed, for all readers. */
  snapshot(moment: Moment): { readonly total: number; readonly autoscalers: readonly Summary[] } {
    const all = [...this.#byKey.values()];
    for (const { key } of all.slice(summariesAtOnce)) this.#changed.add(key);
    return {
      total: all.length,
      autoscalers: all.slice(0, summariesAtOnce).map((autoscaler) => summaryOf(autoscaler, moment)),
    };
  }

  /** What changed since it was last asked for, and is not too much for one event. */
  take(moment: Moment): Pick<ChangesEvent, "changed" | "removed"> {
    const changed: Summary[] = [];
    for (const waiting of [this.#decided, this.#changed]) {
      for (const key of waiting) {
        if (changed.length === summariesAtOnce) break;
        const autoscaler = this.#byKey.get(key);
        this.#decided.delete(key);
        this.#changed.delete(key);
        if (autoscaler !== undefined) changed.push(summaryOf(autoscaler, moment));
      }
    }
    const removed = [...this.#removed];
    this.#removed.clear();
    return { changed, removed };
  }

  /** With no reader left there is nothing to remember. */
  forget(): void {
    this.#byKey = new Map();
    for (const kept of [this.#seen, this.#decided, this.#changed, this.#removed]) kept.clear();
  }

  /** How much is kept, for tests that look for leaks. */
  get size(): number {
    const kept = [this.#seen, this.#byKey, this.#decided, this.#changed, this.#removed];
    return kept.reduce((sum, { size }) => sum + size, 0);
  }

  #remove(key: string): void {
    this.#seen.delete(key);
    this.#removed.add(key);
  }
}

const seenOf = (autoscaler: Autoscaler, moment: Moment): Seen => ({
  latest: autoscaler.latest,
  conditions: autoscaler.conditions,
  resource: autoscaler.resource,
  lastDecision: autoscaler.decisions.last,
  isStale: isStale(autoscaler, moment),
});

const isSame = (a: Seen, b: Seen): boolean =>
  a.latest === b.latest &&
  a.conditions === b.conditions &&
  a.resource === b.resource &&
  a.lastDecision === b.lastDecision &&
  a.isStale === b.isStale;
