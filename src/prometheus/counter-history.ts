/** One series in one read: the samples not older than the window, oldest first, as [Unix ms, value]. */
export type CounterSeries = {
  /** Unique for name and labels. */
  readonly key: string;
  /** What the series adds to, for example "started" or "waits:5". */
  readonly total: string;
  /** The process that counts: its replica, and its start where that is known at a sample's time. */
  readonly replica: string;
  readonly samples: readonly (readonly [timestampMs: number, value: number])[];
};

/** Start of the replica's process (Unix seconds) as told by the scrape at `timestampMs`; undefined when unknown. */
export type ProcessStart = (replica: string, timestampMs: number) => number | undefined;

type LastSample = {
  readonly atMs: number;
  readonly value: number;
  readonly startSeconds: number | undefined;
};
type Scraped = { firstMs: number; lastMs: number };

/** A series that is silent for so long is forgotten: should it return, it starts as one whose past is not ours. */
const forgetAfterMs = 10 * 60 * 1_000;

/**
 * Adds up what the counters of one queue count, over all replicas that ever reported: increments by series, from one known
 * sample to the next, so that a replica that leaves takes nothing away, and one that comes back with the same process adds
 * only what it counted in between.
 *
 * A process that restarts counts from 0: seen by its start time, or by a value that falls. A series seen for the first time
 * adds its whole value if its process began after this history did, or was scraped before without the series; otherwise the
 * value is the past of a process that was there before us, and adds nothing.
 */
export class CounterHistory {
  readonly #beganMs: number;
  readonly #series = new Map<string, LastSample>();
  readonly #processes = new Map<string, Scraped>(); // by replica and process start
  readonly #totals = new Map<string, number>();

  /** @param beganMs when the history began, by the clock that stamps the samples */
  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  /** All series of one read. Samples that are not newer than what is known of their series are passed over. */
  add(all: readonly CounterSeries[], startOf: ProcessStart): void {
    for (const { key, replica, samples } of all) {
      const knownMs = this.#series.get(key)?.atMs ?? -Infinity;
      for (const [atMs] of samples) {
        if (atMs > knownMs) this.#noteScrape(processKey(replica, startOf(replica, atMs)), atMs);
      }
    }
    for (const series of all) this.#addOne(series, startOf);
  }

  /** Counted since the history began; undefined when no series ever fed this total. */
  total(name: string): number | undefined {
    return this.#totals.get(name);
  }

  /** Sets totals back to 0, for those whose meaning has changed. */
  reset(isMeant: (name: string) => boolean): void {
    for (const name of this.#totals.keys()) if (isMeant(name)) this.#totals.set(name, 0);
  }

  /** Bounds the memory: lets go of what has been silent for ten minutes. Totals stay. */
  forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#series) {
      if (nowMs - atMs > forgetAfterMs) this.#series.delete(key);
    }
    for (const [key, { lastMs }] of this.#processes) {
      if (nowMs - lastMs > forgetAfterMs) this.#processes.delete(key);
    }
  }

  #noteScrape(process: string, atMs: number): void {
    const known = this.#processes.get(process);
    if (known === undefined) this.#processes.set(process, { firstMs: atMs, lastMs: atMs });
    else {
      known.firstMs = Math.min(known.firstMs, atMs);
      known.lastMs = Math.max(known.lastMs, atMs);
    }
  }

  #addOne({ key, total, replica, samples }: CounterSeries, startOf: ProcessStart): void {
    let sum = this.#totals.get(total) ?? 0;
    for (const [atMs, value] of samples) {
      const last = this.#series.get(key);
      if (last !== undefined && atMs <= last.atMs) continue;
      const startSeconds = startOf(replica, atMs);
      const now: LastSample = { atMs, value, startSeconds };
      sum += last === undefined ? this.#firstValue(replica, now) : increment(last, now);
      this.#series.set(key, now);
    }
    this.#totals.set(total, sum);
  }

  #firstValue(replica: string, { atMs, value, startSeconds }: LastSample): number {
    if (startSeconds !== undefined && startSeconds * 1_000 >= this.#beganMs) return value;
    const process = this.#processes.get(processKey(replica, startSeconds));
    return process !== undefined && process.firstMs < atMs ? value : 0;
  }
}

const processKey = (replica: string, startSeconds: number | undefined): string =>
  `${startSeconds ?? "unknown"} ${replica}`;

const increment = (last: LastSample, now: LastSample): number => {
  const restarted =
    last.startSeconds !== undefined &&
    now.startSeconds !== undefined &&
    last.startSeconds !== now.startSeconds;
  return restarted || now.value < last.value ? now.value : now.value - last.value;
};
