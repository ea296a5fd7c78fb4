/** So many at once, and then one for every `refillMs`. */
export class RateBudget {
  readonly #burst: number;
  readonly #refillMs: number;
  #left: number;
  #atMs: number;

  constructor({ burst, refillMs, nowMs }: { burst: number; refillMs: number; nowMs: number }) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** False when there is nothing left to take. */
  take(nowMs: number): boolean {
    const refilled = Math.max(0, nowMs - this.#atMs) / this.#refillMs;
    this.#left = Math.min(this.#burst, this.#left + refilled);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
