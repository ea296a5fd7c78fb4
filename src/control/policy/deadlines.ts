import { type History, valueAt } from "../signals/history.ts";

/** Of the jobs that wait, so many must have started in so many seconds for all of them to be in time. */
export type Deadline = { readonly inSeconds: number; readonly jobs: number };

const MOST = 8;

/**
 * The deadlines of the jobs that wait, by when they came (they start in order), the last of all included. Jobs that
 * are overdue have none: nothing helps them.
 */
export const deadlinesOf = (
  arrivals: History,
  backlog: { readonly waiting: number; readonly oldestSeconds: number; readonly waitSeconds: number },
): readonly Deadline[] => {
  const { waiting, oldestSeconds, waitSeconds } = backlog;
  if (waiting < 1) return [];
  const now = arrivals.times.at(-1) ?? 0;
  const total = arrivals.values.at(-1) ?? 0;
  const deadlines: Deadline[] = [];
  let known = 0;
  for (let i = 0; i <= MOST; i += 1) {
    const age = oldestSeconds * (1 - i / MOST);
    const jobs = Math.min(waiting, waiting - (total - valueAt(arrivals, now - age)));
    if (jobs <= known || age >= waitSeconds) continue;
    known = jobs;
    deadlines.push({ inSeconds: waitSeconds - age, jobs });
  }
  return deadlines;
};
