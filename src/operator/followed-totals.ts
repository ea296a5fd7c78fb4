/** Totals as another process counts them, and as this one tells them. */
type Followed = {
  readonly epoch: string;
  readonly values: readonly number[];
  readonly totals: readonly number[];
};

/**
 * Follows groups of totals that are read together: each grows by what the other side's grew, the first reading and a new
 * epoch add nothing, and what is not known for a while stays as it was.
 */
export class FollowedTotals {
  readonly #followed = new Map<string, Followed>();

  /** Forgets all but these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#followed.delete(key);
  }

  follow(key: string, epoch: string, values: readonly number[]): void {
    const before = this.#followed.get(key);
    const isSame = before?.epoch === epoch;
    const totals = values.map((value, index) => {
      const grown = isSame ? Math.max(0, value - (before.values[index] ?? value)) : 0;
      return (before?.totals[index] ?? 0) + grown;
    });
    this.#followed.set(key, { epoch, values, totals });
  }

  /** In the order of the values that were followed; undefined before the first. */
  totals(key: string): readonly number[] | undefined {
    return this.#followed.get(key)?.totals;
  }
}
