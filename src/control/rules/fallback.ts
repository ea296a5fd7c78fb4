import type { FallbackSpec } from "../contract.ts";
import type { Settings } from "../settings.ts";

/** Whether some queue's ready count has been unknown long enough. `knownAt`: when each queue was last known, control time. */
export const fallbackActive = (
  fallback: FallbackSpec | undefined,
  unknownSince: readonly number[],
  t: number,
): boolean => fallback !== undefined && unknownSince.some((knownAt) => t - knownAt >= fallback.afterSeconds);

/** The count the fallback asks for. */
export const fallbackReplicas = (
  fallback: FallbackSpec,
  from: number,
  { max }: Pick<Settings, "max">,
): number => {
  switch (fallback.behavior) {
    case "Hold":
      return from;
    case "Max":
      return max;
    case "Static":
      return fallback.replicas;
    case "AtLeast":
      return Math.max(from, fallback.replicas);
    case "AtMost":
      return Math.min(from, fallback.replicas);
  }
};
