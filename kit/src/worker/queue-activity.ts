/** The running jobs of one queue, and the seconds that they have been busy: counted while they run, not only at their end. */
export class QueueActivity {
  readonly #jobs = new Set<{ readonly startMs: number }>();
  #busyMs = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  get running(): number {
    return this.#jobs.size;
  }

  /** Milliseconds since 1970; undefined when none runs. */
  get oldestStartMs(): number | undefined {
    const [oldest] = this.#jobs; // a set keeps the order of insertion
    return oldest?.startMs;
  }

  start(nowMs: number): { readonly startMs: number } {
    this.#advance(nowMs);
    const job = { startMs: nowMs };
    this.#jobs.add(job);
    return job;
  }

  /** False when the job has ended before. */
  end(job: { readonly startMs: number }, nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#jobs.delete(job);
  }

  /** Since the last call. */
  takeBusySeconds(nowMs: number): number {
    this.#advance(nowMs);
    const seconds = this.#busyMs / 1_000;
    this.#busyMs = 0;
    return seconds;
  }

  /** A clock that steps back adds nothing. */
  #advance(nowMs: number): void {
    this.#busyMs += this.#jobs.size * Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}
