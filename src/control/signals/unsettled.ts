import { rounded } from "./plausible.ts";

/**
 * Busy seconds that are not yet counted for a settled job, where only the broker is known. Settled jobs show in lumps: its
 * statistics come every few seconds, a long job seldom.
 */
export type UnsettledMemory = {
  readonly seconds: number;
  /** Of those: until the latest statistics, which saw none of the jobs settled. What came after may have been. */
  readonly confirmedSeconds: number;
  /** Jobs waited all along, so that every slot that counts as busy was. */
  readonly waited: boolean;
  /** The jobs in progress, and what was settled, were known all along. */
  readonly known: boolean;
};

export const noneUnsettled: UnsettledMemory = {
  seconds: 0,
  confirmedSeconds: 0,
  waited: true,
  known: true,
};

export type Unsettled = Pick<UnsettledMemory, "seconds" | "waited" | "known"> & {
  /** New statistics came at this moment. */
  readonly renewed: boolean;
};

export const withUnsettled = (memory: UnsettledMemory, more: Unsettled): UnsettledMemory => {
  const seconds = rounded(memory.seconds + more.seconds, 1e3);
  // With nothing in progress there is nothing that could have been missed.
  if (seconds === 0 && !more.known) return noneUnsettled;
  const known = memory.known && more.known;
  return {
    seconds,
    confirmedSeconds: more.renewed && known ? seconds : memory.confirmedSeconds,
    waited: memory.waited && more.waited,
    known,
  };
};

/**
 * What the first jobs that are seen to be settled took: each of them, and each of those still in progress, has had its
 * even share. 20 jobs begun together, the first settled after 40 s: 800 / 20 = 40 s for that one, not 800.
 */
export const shareOf = (
  { seconds }: Pick<UnsettledMemory, "seconds">,
  { settled, running }: { readonly settled: number; readonly running: number },
): number => (seconds * settled) / (settled + running);

/** What is left to those in progress after a share was given out. */
export const leftOf = ({ seconds }: UnsettledMemory, spent: number): UnsettledMemory => {
  const left = rounded(seconds - spent, 1e3);
  return { ...noneUnsettled, seconds: left, confirmedSeconds: left };
};
