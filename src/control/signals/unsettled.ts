import { rounded } from "./plausible.ts";

/**
 * Busy seconds since a job was last seen to be settled, where only the broker is known. Settled jobs show in lumps (its
 * statistics come every few seconds, a long job seldom), and each lump stands for all of the time since the last one.
 */
export type UnsettledMemory = {
  readonly seconds: number;
  /** Jobs waited all along, so that every slot that counts as busy was. */
  readonly waited: boolean;
  /** The jobs in progress were known all along. */
  readonly known: boolean;
};

export const noneUnsettled: UnsettledMemory = { seconds: 0, waited: true, known: true };

export const withUnsettled = (
  memory: UnsettledMemory,
  { seconds, waited, known }: UnsettledMemory,
): UnsettledMemory => ({
  seconds: rounded(memory.seconds + seconds, 1e3),
  waited: memory.waited && waited,
  known: memory.known && known,
});
