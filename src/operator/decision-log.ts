import type { Logger } from "../../kit/src/logger.ts";
import type { Verdict } from "../control/contract.ts";

/** A verdict and what came of it. Plain JSON, kept in the state file and answered by the HTTP API. */
export type Decision = Verdict & {
  readonly atMs: number;
  /** "held": nothing to do. "dry-run": would have scaled. "conflict" and "failed": see `problem`. */
  readonly outcome: "held" | "scaled" | "dry-run" | "conflict" | "failed";
  readonly problem?: string;
  /** What was allowed; absent in what an earlier version kept, and in what a status keeps. */
  readonly bounds?: { readonly min: number; readonly max: number };
  /** The same decision came again this many times in a row after `atMs`. */
  readonly repeated: number;
};

/** A decision and its number in the log, from 1; it begins again with the operator. */
export type NumberedDecision = { readonly seq: number; readonly decision: Decision };

/** The last changes, and as many holds whose reason was new; each list has the same bound. */
export class DecisionLog {
  #entries: Decision[] = [];
  /** Of the entry at the same place; ascending. */
  #numbers: number[] = [];
  #lastNumber = 0;
  #limit: number;

  constructor(limit: number, earlier: readonly Decision[] = []) {
    this.#limit = limit;
    for (const decision of earlier.slice(-2 * limit)) this.#append(decision);
  }

  /** Says whether the decision is a new one, or the last one again. */
  add(decision: Decision): "new" | "repeated" {
    const last = this.#entries.at(-1);
    if (last !== undefined && isSame(last, decision)) {
      this.#entries[this.#entries.length - 1] = { ...last, repeated: last.repeated + 1 };
      return "repeated";
    }
    this.#append(decision);
    this.#trim(decision.kind);
    return "new";
  }

  /** From now on each list has this bound; the oldest go. */
  keep(limit: number): void {
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#trim("scale");
    this.#trim("hold");
  }

  get count(): number {
    return this.#entries.length;
  }

  /** At most `limit` of those with a number below `before`, newest first. */
  page(limit: number, before = Number.POSITIVE_INFINITY): readonly NumberedDecision[] {
    const end = this.#numbers.findLastIndex((number) => number < before) + 1;
    const start = Math.max(0, end - limit);
    return this.#entries
      .slice(start, end)
      .map((decision, index) => ({ seq: this.#numbers[start + index] ?? 0, decision }))
      .toReversed();
  }

  /** The last decision of all, new or repeated. */
  get last(): Decision | undefined {
    return this.#entries.at(-1);
  }

  /** The last that changed or would have changed the count. */
  get lastChange(): Decision | undefined {
    return this.#entries.findLast(({ kind }) => kind === "scale");
  }

  /** Oldest first; `count` = at most so many of the latest. */
  all(count = this.#entries.length): readonly Decision[] {
    return count === 0 ? [] : this.#entries.slice(-count);
  }

  /** At most `count` of the latest changes and `count` of the latest holds, oldest first. */
  recent(count: number): readonly Decision[] {
    const kept = new Set([...this.#latest("scale", count), ...this.#latest("hold", count)]);
    return this.#entries.filter((entry) => kept.has(entry));
  }

  /** The decisions that changed or would have changed the count, oldest first. */
  changes(count: number): readonly Decision[] {
    return this.#latest("scale", count);
  }

  #append(decision: Decision): void {
    this.#entries.push(decision);
    this.#numbers.push(++this.#lastNumber);
  }

  #trim(kind: Decision["kind"]): void {
    let surplus = this.#entries.filter((entry) => entry.kind === kind).length - this.#limit;
    for (; surplus > 0; surplus -= 1) {
      const oldest = this.#entries.findIndex((entry) => entry.kind === kind);
      this.#entries.splice(oldest, 1);
      this.#numbers.splice(oldest, 1);
    }
  }

  #latest(kind: Decision["kind"], count: number): readonly Decision[] {
    return count === 0 ? [] : this.#entries.filter((entry) => entry.kind === kind).slice(-count);
  }
}

function isSame(a: Decision, b: Decision): boolean {
  return (
    a.outcome !== "scaled" &&
    a.outcome === b.outcome &&
    a.from === b.from &&
    a.to === b.to &&
    a.reason === b.reason &&
    a.problem === b.problem &&
    a.limitedBy.join() === b.limitedBy.join()
  );
}

/** The same reason as everywhere else: changes at info, what could not be done at warn, holds at debug. */
export function logDecision(logger: Logger, autoscaler: string, decision: Decision): void {
  const { from, to, reason, limitedBy, explanation, problem } = decision;
  const fields = {
    autoscaler,
    from,
    to,
    reason,
    limitedBy,
    explanation,
    ...(problem !== undefined && { problem }),
  };
  switch (decision.outcome) {
    case "scaled":
      return logger.info(fields, "scaled workers");
    case "dry-run":
      return logger.info(fields, "would scale workers");
    case "conflict":
    case "failed":
      return logger.warn(fields, "could not scale workers");
    case "held":
      return logger.debug(fields, "kept the count");
  }
}
