import type { FleetObservation } from "../operator/ports.ts";

type Startup = NonNullable<Extract<FleetObservation, { kind: "observed" }>["startup"]>;
type Quantiles = NonNullable<Startup["readySeconds"]>;

const kept = 50;

export type StartupTimes = {
  add(seconds: number): void;
  /** Nearest-rank quantiles of the last 50 start-ups; undefined before the first. */
  quantiles(): Quantiles | undefined;
};

export const createStartupTimes = (): StartupTimes => {
  const times: number[] = []; // oldest first
  const at = (sorted: readonly number[], share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    add(seconds) {
      times.push(seconds);
      if (times.length > kept) times.shift();
    },
    quantiles() {
      if (times.length === 0) return undefined;
      const sorted = times.toSorted((a, b) => a - b);
      return { p50: at(sorted, 0.5), p95: at(sorted, 0.95), count: sorted.length };
    },
  };
};
