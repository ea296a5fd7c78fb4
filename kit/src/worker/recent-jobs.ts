/**
 * Names of the jobs that were settled last, so that one whose ack was lost with the link is not run again here.
 * The oldest names are forgotten.
 */
export class RecentJobs {
  readonly #limit: number;
  readonly #names = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(name: string): void {
    this.#names.add(name);
    if (this.#names.size <= this.#limit) return;
    const [oldest] = this.#names;
    if (oldest !== undefined) this.#names.delete(oldest);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
