export type ListWatchTimingOptions = {
  /** Everything is listed again this often. Default 600,000. */
  readonly relistMs?: number;
  /** The server is asked to end a watch after this long. Default 300,000. */
  readonly watchMs?: number;
  /** A watch without any bytes for this long is taken for dead; the server's bookmarks come about each minute. Default 75,000. */
  readonly silenceMs?: number;
  /** First and longest wait after a failure; it doubles in between. Defaults 250 and 15,000. */
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
  readonly nowMs?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
};

const maxDoublings = 20;

/** When a ListWatch does what; every period is spread by chance, so that many caches do not ask at once. */
export class ListWatchTiming {
  readonly nowMs: () => number;
  readonly silenceMs: number;
  readonly #options: Required<Omit<ListWatchTimingOptions, "nowMs" | "silenceMs">>;

  constructor(options: ListWatchTimingOptions = {}) {
    const { relistMs = 600_000, watchMs = 300_000, firstWaitMs = 250, longestWaitMs = 15_000 } = options;
    this.nowMs = options.nowMs ?? Date.now;
    this.silenceMs = options.silenceMs ?? 75_000;
    this.#options = { relistMs, watchMs, firstWaitMs, longestWaitMs, random: options.random ?? Math.random };
  }

  nextListAtMs(): number {
    return this.nowMs() + this.#spread(this.#options.relistMs);
  }

  /** Whole seconds, at least 2: never long past the time of the next list. */
  watchSeconds(listDueAtMs: number): number {
    const untilListMs = listDueAtMs - this.nowMs();
    return Math.max(2, Math.ceil(Math.min(this.#spread(this.#options.watchMs), untilListMs) / 1_000));
  }

  /** `failures` in a row, from 1. What the server asked for counts where it is longer. */
  waitMs(failures: number, retryAfterSeconds: number | undefined): number {
    const { firstWaitMs, longestWaitMs } = this.#options;
    const doubled = firstWaitMs * 2 ** Math.min(failures - 1, maxDoublings);
    const asked = Math.min((retryAfterSeconds ?? 0) * 1_000, longestWaitMs);
    return Math.max(asked, this.#spread(Math.min(doubled, longestWaitMs)));
  }

  /** Resolves early, and never rejects, when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    });
  }

  /** 80 to 100 % of it. */
  #spread(ms: number): number {
    return ms * (0.8 + 0.2 * this.#options.random());
  }
}
