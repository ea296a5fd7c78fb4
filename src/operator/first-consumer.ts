import type { Quantiles, Readings } from "../control/contract.ts";

/** A start from zero that is watched: `readyMs` when the first replica was seen ready, undefined before. */
type Start = { readonly readyMs: number | undefined };

const lagsKept = 20;
/** Longer than this it was not the start-up that kept the consumer away. */
const longestLagMs = 600_000;

/**
 * How much later than its readiness a replica takes jobs: a pod may be Ready and still connecting. It shows in starts
 * from zero only, where the first consumer of the queues must be that of the first replica; nowhere else can a new
 * consumer be told from another's return.
 */
export class FirstConsumer {
  #start: Start | undefined;
  /** Of the latest starts from zero, seconds from Ready to the first consumer; 0 when both were seen at once. */
  #lagsSeconds: readonly number[] = [];

  look({ fleet, queues }: Readings, nowMs: number): void {
    const consumers = queues.map(({ broker }) => broker?.consumers);
    if (fleet.desired === 0 || consumers.includes(undefined)) {
      const isEmpty = consumers.every((count) => count === 0) && fleet.ready === 0;
      this.#start = isEmpty ? { readyMs: undefined } : undefined;
      return;
    }
    if (this.#start === undefined) return;
    const readyMs = this.#start.readyMs ?? (fleet.ready > 0 ? nowMs : undefined);
    this.#start = { readyMs };
    if (consumers.every((count) => count === 0)) return;
    this.#start = undefined;
    const lagMs = readyMs === undefined ? 0 : nowMs - readyMs;
    if (lagMs <= longestLagMs) this.#lagsSeconds = [...this.#lagsSeconds, lagMs / 1_000].slice(-lagsKept);
  }

  /** The start-up with this part of it. */
  withStartup(readings: Readings): Readings {
    const { startup } = readings;
    const sorted = this.#lagsSeconds.toSorted((a, b) => a - b);
    if (startup?.readySeconds === undefined || (sorted.at(-1) ?? 0) === 0) return readings;
    return { ...readings, startup: { ...startup, readySeconds: later(startup.readySeconds, sorted) } };
  }
}

const later = ({ p50, p95, count }: Quantiles, sorted: readonly number[]): Quantiles => {
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: p50 + at(0.5), p95: p95 + at(0.95), count };
};
