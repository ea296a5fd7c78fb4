import type { MeasuredJob } from "./exemplar.ts";

/** A job that runs; given back to say how it ended. `startMs`: milliseconds since 1970. */
export type RunningJob = { readonly startMs: number; readonly job: MeasuredJob };

/** The running jobs of one queue, and the seconds that they have been busy: counted while they run, not only at their end. */
export class QueueActivity {
  readonly #jobs = new Set<RunningJob>();
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

  start(job: MeasuredJob, nowMs: number): RunningJob {
    this.#advance(nowMs);
    const running = { startMs: nowMs, job };
    this.#jobs.add(running);
    return running;
  }

  /** False when the job has ended before. */
  end(running: RunningJob, nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#jobs.delete(running);
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
