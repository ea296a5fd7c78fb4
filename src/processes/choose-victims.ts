/** What a replica did when it was asked just now. */
export type ReplicaLoad = {
  /** Jobs running. */
  readonly running: number;
  /** When its longest-running job began, Unix seconds. */
  readonly oldestStartSeconds?: number;
};

export type Candidate<T> = {
  readonly replica: T;
  readonly createdAtMs: number;
  /** failing: crash-looping. starting: never ready yet, so without a job. serving: has been ready. */
  readonly phase: "failing" | "starting" | "serving";
  /** undefined: it did not answer. */
  readonly load?: ReplicaLoad;
};

export type Victim<T> = { readonly replica: T; readonly because: string };

type Ranked<T> = Victim<T> & { readonly order: readonly [rank: number, running: number, tie: number] };

const rank = <T>({ replica, createdAtMs, phase, load }: Candidate<T>): Ranked<T> => {
  if (phase === "failing") return { replica, because: "crash-looping", order: [0, 0, -createdAtMs] };
  if (phase === "starting") return { replica, because: "still starting", order: [1, 0, -createdAtMs] };
  if (load === undefined)
    return { replica, because: "does not say what it runs", order: [4, 0, -createdAtMs] };
  if (load.running === 0) return { replica, because: "idle", order: [2, 0, -createdAtMs] };
  return {
    replica,
    because: `runs ${load.running} ${load.running === 1 ? "job" : "jobs"}, no idle replica is left`,
    order: [3, load.running, -(load.oldestStartSeconds ?? 0)],
  };
};

/**
 * Which replicas to remove: crash-looping ones, then the youngest of the starting, then idle ones, and only when these are
 * not enough the one with the fewest jobs and the least work to lose; last those that do not answer, as a blocked event
 * loop is a busy one.
 */
export const chooseVictims = <T>(candidates: readonly Candidate<T>[], count: number): readonly Victim<T>[] =>
  candidates
    .map((candidate) => rank(candidate))
    .sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.order[2] - b.order[2])
    .slice(0, Math.max(0, count))
    .map(({ replica, because }) => ({ replica, because }));
