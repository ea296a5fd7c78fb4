import type { Quantiles } from "../control/contract.ts";
import type { WatchedPod } from "./watched-pod.ts";

const maxSamples = 50;

export type StartupQuantiles = { readonly schedulingSeconds?: Quantiles; readonly readySeconds?: Quantiles };

/**
 * How long a target's pods took to start, by their own timestamps (whole seconds): created to scheduled, scheduled to
 * ready; the last 50 of each.
 *
 * Every pod's first start counts, those of a rollout too: they are no new capacity, but the time a pod takes does not
 * depend on why it was made. A pod that restarted does not count: its Ready time is that of a later attempt.
 */
export class StartupTimes {
  readonly #scheduling: number[] = [];
  readonly #readying: number[] = [];
  #counted: ReadonlySet<string> = new Set();

  /** `pods`: all of the target's. Each is counted once. */
  note(pods: readonly WatchedPod[]): void {
    const counted = new Set<string>();
    for (const { uid, createdAtMs, scheduledAtMs, readyAtMs, restarts } of pods) {
      if (scheduledAtMs === undefined || readyAtMs === undefined) continue;
      counted.add(uid);
      if (this.#counted.has(uid) || restarts > 0) continue;
      keep(this.#scheduling, (scheduledAtMs - createdAtMs) / 1_000);
      keep(this.#readying, (readyAtMs - scheduledAtMs) / 1_000);
    }
    // One that became unready for a while must not be counted again when it is back.
    for (const { uid } of pods) if (this.#counted.has(uid)) counted.add(uid);
    this.#counted = counted;
  }

  quantiles(): StartupQuantiles | undefined {
    const schedulingSeconds = quantiles(this.#scheduling);
    const readySeconds = quantiles(this.#readying);
    if (schedulingSeconds === undefined || readySeconds === undefined) return undefined;
    return { schedulingSeconds, readySeconds };
  }
}

const keep = (samples: number[], seconds: number): void => {
  samples.push(Math.max(0, seconds));
  if (samples.length > maxSamples) samples.shift();
};

const quantiles = (samples: readonly number[]): Quantiles | undefined => {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p95] = [at(0.5), at(0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95, count: sorted.length };
};
