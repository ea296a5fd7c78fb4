/** A phase, and the workers that a scaler who does everything right could have for it. Seconds from any common start. */
export type OracleCase = {
  /** Oldest first. */
  readonly jobs: readonly { readonly atSeconds: number; readonly serviceSeconds: number }[];
  readonly waitSeconds: number;
  readonly attainmentRatio: number;
  /** Slots that are there before the first job: what the phase before needed. */
  readonly warmSlots: number;
  readonly maxSlots: number;
  /** From the first job until a replica that is ordered because of it can take one: to notice, to decide, to start. */
  readonly reactionSeconds: number;
};

export type OracleAnswer = { readonly feasible: boolean; readonly attainmentRatio: number };

/**
 * Whether the promise can be kept by reacting at all: the jobs in order of arrival, each to the slot that is free
 * first, `warmSlots` from the start and all `maxSlots` once `reactionSeconds` have passed since the first job. It knows
 * nothing of the control step, and no scaler that must react and obey the maximum can start more jobs in time.
 */
export const oracle = (phase: OracleCase): OracleAnswer => {
  const first = phase.jobs[0];
  if (first === undefined) return { feasible: true, attainmentRatio: 1 };
  const orderedAt = first.atSeconds + phase.reactionSeconds;
  const freeAt = Array.from({ length: phase.maxSlots }, (_, slot) =>
    slot < phase.warmSlots ? first.atSeconds : orderedAt,
  );
  let inTime = 0;
  for (const job of phase.jobs) {
    const earliest = Math.min(...freeAt);
    const startsAt = Math.max(earliest, job.atSeconds);
    freeAt[freeAt.indexOf(earliest)] = startsAt + job.serviceSeconds;
    if (startsAt - job.atSeconds <= phase.waitSeconds) inTime++;
  }
  const attainmentRatio = inTime / phase.jobs.length;
  return { feasible: attainmentRatio >= phase.attainmentRatio, attainmentRatio };
};
