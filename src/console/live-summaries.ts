import type { Autoscaler } from "../operator/autoscaler.ts";
import type { ChangesEvent, Summary } from "./contract.ts";
import { isStale, type Moment, summaryOf } from "./summary-of.ts";

/** Of one event; what is more comes with the next. A summary is about 1 kB and costs about 20 µs. */
export const summariesAtOnce = 1_000;

/** One that looks as it did is told again only so often: of 500 that idle, each look would be 230 kB a second to each reader. */
const sameAgainMs = 10_000;

type Told = { readonly content: string; readonly atMs: number };

/** What the latest summary of an autoscaler was made from: while all of it is the same, so is the summary. */
type Seen = Pick<Autoscaler, "latest" | "conditions" | "resource"> & {
  readonly lastDecision: unknown;
  readonly isStale: boolean;
};

/**
 * Which autoscalers the readers do not know as they are now. What has waited longest comes first, and before it those for
 * which something was decided. While there are readers it keeps a few references and about 1 kB for each autoscaler.
 */
export class LiveSummaries {
  readonly #seen = new Map<string, Seen>();
  /** What the readers were told last, but for the time of the look. */
  readonly #told = new Map<string, Told>();
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
    for (const { key } of all.slice(summariesAtOnce)) {
      this.#changed.add(key);
      this.#told.delete(key);
    }
    return {
      total: all.length,
      autoscalers: all.slice(0, summariesAtOnce).map((autoscaler) => summaryOf(autoscaler, moment)),
    };
  }

  /** What changed since it was last asked for, and is not too much for one event. */
  take(moment: Moment): Pick<ChangesEvent, "changed" | "removed"> {
    const next = [...new Set([...this.#decided, ...this.#changed])].slice(0, summariesAtOnce);
    const changed = next.flatMap((key) => {
      this.#decided.delete(key);
      this.#changed.delete(key);
      const autoscaler = this.#byKey.get(key);
      return autoscaler === undefined ? [] : this.#news(summaryOf(autoscaler, moment), moment);
    });
    const removed = [...this.#removed];
    this.#removed.clear();
    return { changed, removed };
  }

  /** Nothing when the readers know it so. */
  #news(summary: Summary, { nowMs }: Moment): readonly Summary[] {
    const content = contentOf(summary);
    const told = this.#told.get(summary.key);
    if (told?.content === content && nowMs - told.atMs < sameAgainMs) return [];
    this.#told.set(summary.key, { content, atMs: nowMs });
    return [summary];
  }

  /** With no reader left there is nothing to remember. */
  forget(): void {
    this.#byKey = new Map();
    for (const kept of [this.#seen, this.#told, this.#decided, this.#changed, this.#removed]) kept.clear();
  }

  /** How much is kept, for tests that look for leaks. */
  get size(): number {
    const kept = [this.#seen, this.#told, this.#byKey, this.#decided, this.#changed, this.#removed];
    return kept.reduce((sum, { size }) => sum + size, 0);
  }

  #remove(key: string): void {
    this.#seen.delete(key);
    this.#told.delete(key);
    this.#removed.add(key);
  }
}

/** All of it but when it was looked at. */
const contentOf = ({ lookedAt: _lookedAt, point, ...summary }: Summary): string =>
  JSON.stringify([summary, point && { ...point, time: undefined }]);

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
