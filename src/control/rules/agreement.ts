import { rounded } from "../signals/plausible.ts";

/**
 * Two samples of different times must agree before the first scale-in after a start, a restore or blindness. proven:
 * they did; firstAt: control time of the first sample that found the count too high, else null.
 */
export type AgreementMemory = { readonly proven: boolean; readonly firstAt: number | null };

export const noAgreement: AgreementMemory = { proven: false, firstAt: null };

/** Ages wobble by some milliseconds from one reading of the same sample to the next. Seconds. */
const SAME_SAMPLE_SECONDS = 0.05;

export type AgreementStep = {
  /** undefined while the figures are incomplete: what was proven is forgotten. */
  readonly sampleAt: number | undefined;
  readonly tooHigh: boolean;
};

export const withAgreement = (memory: AgreementMemory, now: AgreementStep): AgreementMemory => {
  if (now.sampleAt === undefined) return noAgreement;
  if (memory.proven) return memory;
  if (!now.tooHigh) return noAgreement;
  if (memory.firstAt === null) return { proven: false, firstAt: rounded(now.sampleAt, 1e3) };
  return now.sampleAt > memory.firstAt + SAME_SAMPLE_SECONDS ? { proven: true, firstAt: null } : memory;
};
