import type { FallbackSpec } from "../contract.ts";
import type { Settings } from "../settings.ts";

/** Whether some queue's ready count has been unknown long enough. `knownAt`: when each queue was last known, control time. */
export const fallbackActive = (
  fallback: FallbackSpec | undefined,
  unknownSince: readonly number[],
  t: number,
): boolean => fallback !== undefined && unknownSince.some((knownAt) => t - knownAt >= fallback.afterSeconds);

type Ask = (replicas: number, from: number, max: number) => number;

const ASKS: Readonly<Record<FallbackSpec["behavior"], Ask>> = {
  Hold: (_replicas, from) => from,
  Max: (_replicas, _from, max) => max,
  Static: (replicas) => replicas,
  AtLeast: (replicas, from) => Math.max(from, replicas),
  AtMost: (replicas, from) => Math.min(from, replicas),
};

/** The count the fallback asks for. */
export const fallbackReplicas = (
  fallback: FallbackSpec,
  from: number,
  { max }: Pick<Settings, "max">,
): number => ASKS[fallback.behavior]("replicas" in fallback ? fallback.replicas : 0, from, max);
