/** Seconds of running jobs per queue, counted while they run and not only when they end. */
export class BusyClock {
  readonly #running = new Map<string, number>();
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  start(queue: string): void {
    this.#running.set(queue, (this.#running.get(queue) ?? 0) + 1);
  }

  end(queue: string): void {
    this.#running.set(queue, (this.#running.get(queue) ?? 0) - 1);
  }

  /** What each queue's jobs have added since the last call; a clock that steps back adds nothing. */
  advance(nowMs: number): readonly (readonly [queue: string, seconds: number])[] {
    const elapsedSeconds = Math.max(0, nowMs - this.#lastMs) / 1_000;
    this.#lastMs = nowMs;
    if (elapsedSeconds === 0) return [];
    return [...this.#running].map(([queue, jobs]) => [queue, jobs * elapsedSeconds] as const);
  }
}
