/** Bounds what is in flight, and what waits for it. First come, first served. */
export class PublishWindow {
  readonly #size: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  readonly #idle: (() => void)[] = [];
  #taken = 0;

  constructor(size: number, maxWaiting: number) {
    this.#size = size;
    this.#maxWaiting = maxWaiting;
  }

  /** True when a place was free, false when too many wait; else whether one became free within `timeoutMs`. */
  take(timeoutMs: number): boolean | Promise<boolean> {
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return true;
    }
    if (this.#waiting.size >= this.#maxWaiting) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onFree = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      this.#waiting.delete(onFree);
      resolve(false);
    }, timeoutMs);
    this.#waiting.add(onFree);
    return promise;
  }

  /** Hands the place to the longest waiting, or frees it. */
  release(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#taken -= 1;
    if (this.#taken === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves once no place is taken. */
  async idle(): Promise<void> {
    if (this.#taken === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    await promise;
  }
}
