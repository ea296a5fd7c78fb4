import type { Quantiles, Readings } from "../contract.ts";
import { plausible, rounded } from "./plausible.ts";

/** Created → able to take a job. Seconds; `assumed` while nothing was told. */
export type Startup = { readonly p50: number; readonly p95: number; readonly assumed?: true };
/** The last figures that were known, or null. `told` false: only remembered from before a restart. */
export type StartupMemory = (Startup & { readonly told: boolean }) | null;

/** Until anything is told: about what a small image takes on a node that has it, and what a process takes with room to spare. */
const PRIOR: Startup = { p50: 10, p95: 20, assumed: true };
const LONGEST_SECONDS = 3600;
const SHORTEST_SECONDS = 0.2;

const usable = (quantiles: Quantiles | undefined): Startup | undefined => {
  const p50 = plausible(quantiles?.p50);
  const p95 = plausible(quantiles?.p95);
  const count = plausible(quantiles?.count) ?? 0;
  return count < 1 || p50 === undefined ? undefined : { p50, p95: Math.max(p50, p95 ?? p50) };
};

/**
 * The start-up as told, the sum of its consecutive parts (of the 95 % quantiles too: a little too long, which is the
 * safe side); a part that is not told adds nothing. Without any, as it was told last.
 */
export const withStartup = (memory: StartupMemory, told: Readings["startup"]): StartupMemory => {
  const scheduling = usable(told?.schedulingSeconds);
  const ready = usable(told?.readySeconds);
  if (ready === undefined) return memory;
  const p50 = Math.min(LONGEST_SECONDS, (scheduling?.p50 ?? 0) + ready.p50);
  const p95 = Math.min(LONGEST_SECONDS, (scheduling?.p95 ?? 0) + ready.p95);
  return {
    p50: rounded(Math.max(SHORTEST_SECONDS, p50), 1e3),
    p95: rounded(Math.max(SHORTEST_SECONDS, p95), 1e3),
    told: true,
  };
};

/** The start-up to count with: as told, else 10 s (95 %: 20 s). */
export const startupOf = (memory: StartupMemory): Startup => memory ?? PRIOR;

/** The start-up that a hold is measured by: a remembered one that nobody confirmed must not make it shorter. Seconds. */
export const startupForHold = (memory: StartupMemory): number =>
  memory === null || memory.told ? startupOf(memory).p50 : Math.max(memory.p50, PRIOR.p50);
