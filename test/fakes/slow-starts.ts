import type { FeasibilityEvidence } from "../../src/control/policy/feasibility.ts";

/** A promise of 5 s that workers who start for 42 s cannot keep: 4 erlangs at 5 % over 5 s are 5 slots, 3 replicas. */
export const slowStarts: FeasibilityEvidence = {
  startupSeconds: 42,
  waitSeconds: 5,
  serviceSeconds: 1,
  attainmentRatio: 0.95,
  peakLoad: 4,
  slots: 2,
  started: 100,
  late: 40,
  limited: false,
};
