import { pause } from "./pause.ts";

export type WriteQueueOptions = {
  /** Default 8. */
  readonly parallel?: number;
  /** Writes that wait at most; beyond that the oldest that may be lost is dropped. Default 1000. */
  readonly maxLosable?: number;
  /** After a failure nothing is written for so long; it doubles with each further one. Defaults 500 and 30,000. */
  readonly firstWaitMs?: number;
  readonly longestWaitMs?: number;
  /** A write rejected: it is tried again, unless a newer one took its place. */
  readonly onFailure: (cause: unknown) => void;
  /** The cause is one of that write alone, such as a right that is missing in its namespace: the others go on. Default: never. */
  readonly isOwn?: (cause: unknown) => boolean;
};

export type Write = {
  /** Rejects only for a cause that may pass. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** May be dropped where too many wait. */
  readonly isLosable: boolean;
};

/** Writes by key: the newest of a key wins, no two of a key at once, a bounded number in flight. */
export class WriteQueue {
  readonly #options: Required<WriteQueueOptions>;
  readonly #waiting = new Map<string, Write>();
  /** Keys of those that wait and may be dropped, oldest first. */
  readonly #losable = new Set<string>();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** Keys whose last write failed for a cause of its own, how often in a row, and until when the key waits. */
  readonly #own = new Map<string, { readonly failures: number; pause: Promise<void> | undefined }>();
  #closing = new AbortController();
  #failures = 0;
  #pause: Promise<void> | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = {
      parallel: 8,
      maxLosable: 1_000,
      firstWaitMs: 500,
      longestWaitMs: 30_000,
      isOwn: () => false,
      ...options,
    };
  }

  get waiting(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  put(key: string, write: Write): void {
    this.#add(key, write);
    this.#pump();
  }

  clear(): void {
    this.#waiting.clear();
    this.#losable.clear();
  }

  /** Writes what waits, for at most `withinMs`; then gives up what is left. It can be used again. */
  async drain(withinMs: number): Promise<void> {
    const late = AbortSignal.timeout(withinMs);
    late.addEventListener("abort", () => this.#closing.abort(), { once: true });
    while (this.waiting > 0 && !late.aborted) {
      const pauses = [this.#pause, ...[...this.#own.values()].map((own) => own.pause)];
      await Promise.race([...this.#inFlight.values(), ...pauses.filter((one) => one !== undefined)]);
    }
    this.clear();
    await Promise.all(this.#inFlight.values());
    this.#closing = new AbortController();
  }

  #add(key: string, write: Write): void {
    this.#waiting.set(key, write);
    if (!write.isLosable) return;
    this.#losable.add(key);
    for (const oldest of this.#losable) {
      if (this.#losable.size <= this.#options.maxLosable) return;
      this.#losable.delete(oldest);
      this.#waiting.delete(oldest);
    }
  }

  #pump(): void {
    if (this.#pause !== undefined || this.#closing.signal.aborted) return;
    for (const [key, write] of this.#waiting) {
      if (this.#inFlight.size >= this.#options.parallel) return;
      if (this.#inFlight.has(key) || this.#own.get(key)?.pause !== undefined) continue;
      this.#waiting.delete(key);
      this.#losable.delete(key);
      this.#inFlight.set(key, this.#run(key, write));
    }
  }

  async #run(key: string, write: Write): Promise<void> {
    try {
      await write.run(this.#closing.signal);
      this.#failures = 0;
      this.#own.delete(key);
    } catch (cause) {
      if (!this.#waiting.has(key) && !this.#closing.signal.aborted) this.#add(key, write);
      if (this.#options.isOwn(cause)) this.#failedAlone(key, cause);
      else this.#failed(cause);
    }
    this.#inFlight.delete(key);
    this.#pump();
  }

  #failedAlone(key: string, cause: unknown): void {
    this.#options.onFailure(cause);
    const before = this.#own.get(key)?.failures ?? 0;
    const own = {
      failures: before + 1,
      pause: pause(this.#waitMs(before), this.#closing.signal).then(() => {
        if (this.#waiting.has(key)) own.pause = undefined;
        else this.#own.delete(key);
        this.#pump();
      }) as Promise<void> | undefined,
    };
    this.#own.set(key, own);
  }

  #failed(cause: unknown): void {
    this.#options.onFailure(cause);
    // Several in flight fail of the same cause: they count as one failure.
    if (this.#pause !== undefined) return;
    const waitMs = this.#waitMs(this.#failures);
    this.#failures += 1;
    this.#pause = pause(waitMs, this.#closing.signal).then(() => {
      this.#pause = undefined;
      this.#pump();
    });
  }

  #waitMs(failuresBefore: number): number {
    const { firstWaitMs, longestWaitMs } = this.#options;
    return Math.min(firstWaitMs * 2 ** Math.min(failuresBefore, 20), longestWaitMs);
  }
}
