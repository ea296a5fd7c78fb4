import type { Envelope } from "../job/envelope.ts";

type Attempt = Pick<Envelope, "id" | "run" | "attempt">;

/**
 * The jobs that were settled last, so that one whose ack was lost with the link is not run again here. Asked only for
 * redeliveries, which are rare: remembering must be cheap, asking need not be.
 */
export class RecentJobs {
  readonly #limit: number;
  readonly #ring: Attempt[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(attempt: Attempt): void {
    this.#ring[this.#next] = attempt;
    this.#next = (this.#next + 1) % this.#limit;
  }

  has(attempt: Attempt): boolean {
    return this.#ring.some((each) => isSameAttempt(each, attempt));
  }
}

/** The same for every delivery of one attempt. */
export function isSameAttempt(left: Attempt, right: Attempt): boolean {
  return left.id === right.id && left.run === right.run && left.attempt === right.attempt;
}
