import type { Quantiles } from "../control/contract.ts";
import type { WatchedPod } from "./watched-pod.ts";

const maxSamples = 50;

export type StartupQuantiles = { readonly schedulingSeconds?: Quantiles; readonly readySeconds?: Quantiles };

type TimedPod = Pick<WatchedPod, "uid" | "createdAtMs" | "scheduledAtMs" | "readyAtMs" | "restarts">;

/** So short a life, or a pause between two looks, hardly has room for a pod that was ready and unready again. */
const shortMs = 120_000;

/**
 * How long a target's pods took to start, by their own timestamps (whole seconds): created to scheduled, scheduled to
 * ready; the last 50 of each.
 *
 * Every pod's first start counts, those of a rollout too: they are no new capacity, but the time a pod takes does not
 * depend on why it was made. A pod tells only since when it has been ready this time, which is hours after its start when
 * its broker was away for a moment. So a pod that was made since the last look counts, however long it takes. Of those that
 * are there at the first look, or after two minutes without one, count the ones that are younger than two minutes, or that
 * were ready within these: a fresh operator learns a start-up of more than two minutes from the pods made from then on. A
 * pod whose containers restarted does not count: its Ready time is that of a later attempt.
 */
export class StartupTimes {
  readonly #scheduling: number[] = [];
  readonly #readying: number[] = [];
  /** The pods of the last look, by uid: whether their first start is still to be measured. */
  #awaited: ReadonlyMap<string, boolean> = new Map();
  #lookedAtMs = -Infinity;

  /** `pods`: all of the target's that are not being deleted. Each is counted once. */
  note(pods: readonly TimedPod[], nowMs: number): void {
    const awaited = new Map<string, boolean>();
    const isUnbroken = nowMs - this.#lookedAtMs <= shortMs;
    for (const pod of pods) {
      const { uid, createdAtMs, scheduledAtMs, readyAtMs, restarts } = pod;
      const isAwaited = this.#awaited.get(uid) !== false && (isUnbroken || isShort(pod, nowMs));
      const isStarted = scheduledAtMs !== undefined && readyAtMs !== undefined;
      awaited.set(uid, isAwaited && !isStarted);
      if (!isAwaited || !isStarted || restarts > 0) continue;
      keep(this.#scheduling, (scheduledAtMs - createdAtMs) / 1_000);
      keep(this.#readying, (readyAtMs - scheduledAtMs) / 1_000);
    }
    this.#awaited = awaited;
    this.#lookedAtMs = nowMs;
  }

  quantiles(): StartupQuantiles | undefined {
    const schedulingSeconds = quantiles(this.#scheduling);
    const readySeconds = quantiles(this.#readying);
    if (schedulingSeconds === undefined || readySeconds === undefined) return undefined;
    return { schedulingSeconds, readySeconds };
  }
}

/** Its life, or its start where it is ready. */
const isShort = ({ createdAtMs, readyAtMs }: TimedPod, nowMs: number): boolean =>
  Math.min(nowMs, readyAtMs ?? nowMs) - createdAtMs <= shortMs;

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
