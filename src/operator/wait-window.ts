import type { QueueReading } from "../control/contract.ts";

/** Cumulative wait counts at one moment, summed over the queues. */
type Sample = { readonly atMs: number; readonly edges: string; readonly counts: readonly number[] };

const spacingMs = 30_000;
const windowMs = 300_000;

/** The waits of the jobs that started in the last five minutes, from cumulative histograms: eleven samples at most. */
export class WaitWindow {
  #samples: readonly Sample[] = [];
  #edgesSeconds: readonly number[] = [];

  add(queues: readonly QueueReading[], nowMs: number): void {
    const waits = queues.flatMap(({ workers }) =>
      workers?.waits === undefined ? [] : [{ ...workers.waits, epoch: workers.epoch }],
    );
    const [first] = waits;
    if (first === undefined) return;
    const edges = JSON.stringify([waits.map(({ epoch, edgesSeconds }) => [epoch, edgesSeconds])]);
    const areAlike = waits.every(({ edgesSeconds }) => edgesSeconds.join() === first.edgesSeconds.join());
    // Other edges, or a new epoch: nothing to compare with what was before.
    if (!areAlike || this.#samples.at(-1)?.edges !== edges) this.#samples = [];
    const last = this.#samples.at(-1);
    if (!areAlike || (last !== undefined && nowMs - last.atMs < spacingMs)) return;
    const counts = first.counts.map((_count, bucket) =>
      waits.reduce((sum, each) => sum + (each.counts[bucket] ?? 0), 0),
    );
    this.#edgesSeconds = first.edgesSeconds;
    this.#samples = [...this.#recent(nowMs), { atMs: nowMs, edges, counts }];
  }

  /** The lowest bucket edge within which 95 % of them started: the true value is at most this. Undefined when it is not known. */
  p95Seconds(nowMs: number): number | undefined {
    const recent = this.#recent(nowMs);
    const oldest = recent[0];
    const newest = recent.at(-1);
    if (oldest === undefined || newest === undefined || oldest === newest) return undefined;
    const grown = newest.counts.map((count, bucket) => count - (oldest.counts[bucket] ?? 0));
    const total = grown.at(-1) ?? 0;
    if (total <= 0) return undefined;
    return this.#edgesSeconds.find((_edge, bucket) => (grown[bucket] ?? 0) >= 0.95 * total);
  }

  #recent(nowMs: number): readonly Sample[] {
    return this.#samples.filter(({ atMs }) => nowMs - atMs <= windowMs);
  }
}
