import type { Logger } from "../../kit/src/logger.ts";
import type { Autoscaler } from "./autoscaler.ts";
import type { OperatorMetrics } from "./metrics.ts";
import type { CompiledOperatorOptions } from "./options.ts";

export type FastPathDeps = {
  readonly autoscalers: () => readonly Autoscaler[];
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly metrics: OperatorMetrics;
};

/** So many queues are looked at in every period; with more of them at zero replicas the period grows in proportion. */
const queuesEachPeriod = 400;

/**
 * Those to look at between the cycles: all at zero replicas, or a moment after; and those with replicas whose queues are
 * quiet, as far as that makes nobody wait longer: they have the cycles too.
 */
export function lookedAtFast(autoscalers: readonly Autoscaler[], nowMs: number): readonly Autoscaler[] {
  const first = autoscalers.filter((autoscaler) => autoscaler.isAtZero || autoscaler.isJustWoken(nowMs));
  const keys = new Set(keysOf(first));
  if (keys.size >= queuesEachPeriod) return first;
  const taken = new Set(first);
  for (const autoscaler of autoscalers) {
    if (taken.has(autoscaler) || !autoscaler.isQuiet(nowMs)) continue;
    const more = keysOf([autoscaler]).filter((key) => !keys.has(key));
    if (keys.size + more.length > queuesEachPeriod) continue;
    for (const key of more) keys.add(key);
    taken.add(autoscaler);
  }
  return [...taken];
}

function keysOf(autoscalers: readonly Autoscaler[]): string[] {
  return autoscalers.flatMap(({ queues }) => queues.map(({ ref }) => ref.key));
}

/** How often idle queues are looked at: a broker is not asked more than 800 times a second. */
export class FastPath {
  readonly #deps: FastPathDeps;
  readonly #shortestMs: number;
  #queues = 0;
  #periodMs: number;

  constructor(deps: FastPathDeps, { fastPathPeriodMs }: CompiledOperatorOptions) {
    this.#deps = deps;
    this.#shortestMs = fastPathPeriodMs;
    this.#periodMs = fastPathPeriodMs;
    deps.metrics.fastPathPeriod(fastPathPeriodMs / 1_000);
  }

  /** From one look to the next, by the queues that are to be looked at now. */
  periodMs(): number {
    const { autoscalers, nowMs, logger, metrics } = this.#deps;
    this.#queues = new Set(keysOf(lookedAtFast(autoscalers(), nowMs()))).size;
    const periodMs = Math.round(this.#shortestMs * Math.max(1, this.#queues / queuesEachPeriod));
    const wasSlower = this.#periodMs > this.#shortestMs;
    this.#periodMs = periodMs;
    const isSlower = periodMs > this.#shortestMs;
    metrics.fastPathPeriod(periodMs / 1_000);
    const fields = { queues: this.#queues, periodSeconds: periodMs / 1_000 };
    if (isSlower && !wasSlower) logger.warn(fields, "so many idle queues that each is looked at less often");
    if (!isSlower && wasSlower) logger.info(fields, "idle queues are looked at as often as usual again");
    return periodMs;
  }

  /** What people should know about it; nothing while it is as fast as it can be. */
  get notes(): readonly string[] {
    if (this.#periodMs <= this.#shortestMs) return [];
    return [
      `Idle queues are looked at every ${this.#periodMs / 1_000} s instead of every ${this.#shortestMs / 1_000} s, as there are ${this.#queues} of them.`,
    ];
  }
}
