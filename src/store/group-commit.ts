/** Bounds of a GroupCommit; all counts of items or of flushes. */
export type GroupCommitOptions = {
  /** Most items given to one flush. */
  readonly maxBatchCount: number;
  /** Most flushes running at once. */
  readonly maxFlushCount: number;
  /** Most items waiting for a flush; one more is refused with GroupCommitFullError. */
  readonly maxPendingCount: number;
};

/** More items wait than the bound allows: the database is slower than its callers. Nothing was written. */
export class GroupCommitFullError extends Error {
  override readonly name = "GroupCommitFullError";
  readonly code = "group-commit-full";
}

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Turns concurrent single writes into few shared ones. The first item of a quiet moment is flushed at the end of
 * the event loop's turn, together with all that came in that turn; what comes while flushes run goes into the next.
 * There is no timer, so a lone write is never delayed.
 *
 * `flush` answers one result an item, in the same order; when it rejects, every item of its batch rejects.
 */
export class GroupCommit<Item, Result> {
  readonly #flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #options: GroupCommitOptions;
  #pending: Waiting<Item, Result>[] = [];
  #flushCount = 0;
  #scheduled = false;
  #idleWaiters: (() => void)[] = [];

  constructor(flush: (items: readonly Item[]) => Promise<readonly Result[]>, options: GroupCommitOptions) {
    this.#flush = flush;
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    if (this.#pending.length >= this.#options.maxPendingCount) {
      return Promise.reject(new GroupCommitFullError(`${this.#pending.length} writes are already waiting`));
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves once nothing waits and nothing is being flushed. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #isIdle(): boolean {
    return this.#pending.length === 0 && this.#flushCount === 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#flushCount >= this.#options.maxFlushCount) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startFlush();
    });
  }

  #startFlush(): void {
    const batch = this.#pending.splice(0, this.#options.maxBatchCount);
    if (batch.length === 0) return;
    this.#flushCount += 1;
    void this.#settle(batch).then(() => {
      this.#flushCount -= 1;
      if (this.#pending.length > 0) this.#schedule();
      else if (this.#isIdle()) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    });
    if (this.#pending.length > 0) this.#schedule();
  }

  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#flush(batch.map((waiting) => waiting.item));
      if (results.length !== batch.length) {
        throw new Error(`a flush of ${batch.length} items answered ${results.length} results`);
      }
      // Length was checked above, so every index holds a result; Result itself may include undefined.
      batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }
}
