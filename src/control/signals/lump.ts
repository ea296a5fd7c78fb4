import { type History, valueAt } from "./history.ts";
import { rounded } from "./plausible.ts";

/** A lump older than this does not mislead any more: the shortest rate window is past it, and shows that nothing followed. */
const RECENT_SECONDS = 2.5;
const LONGEST_LUMP_SECONDS = 2.5;
/** Of what the promise leaves beside the start-up: so long a lump may be, and so long may be waited for a second one. */
const LUMP_SHARE = 1 / 8;
const PATIENCE_SHARE = 1 / 4;
const DEVIATIONS = 2;

type Slack = { readonly waitSeconds: number; readonly startupSeconds: number };

const cameIn = (history: History, from: number, until: number): number =>
  Math.max(0, valueAt(history, until) - valueAt(history, from));

/** The longest time between two of the last looks. Seconds. */
const longestGap = ({ times }: History, since: number): number => {
  let gap = 0;
  for (let i = times.length - 1; i > 0 && (times[i] ?? 0) > since; i -= 1) {
    gap = Math.max(gap, (times[i] ?? 0) - (times[i - 1] ?? 0));
  }
  return gap;
};

/**
 * The history without what came in one lump. Of the last seconds, the stretch of length L in which most came counts no
 * more than the next best stretch beside it, if the difference is more than chance (2 sqrt(n1 + n2 + 1)): arrivals are a
 * rate when they are seen twice. L = (W - D)/8, at most 2.5 s, and at least the time between two looks. When that is more
 * than a quarter of W - D nothing is left out: a promise so tight has no time for a second look.
 */
export const withoutLump = (history: History, { waitSeconds, startupSeconds }: Slack): History => {
  const now = history.times.at(-1) ?? 0;
  const slack = waitSeconds - startupSeconds;
  const gap = longestGap(history, now - RECENT_SECONDS);
  const seconds = Math.max(gap, Math.min(LONGEST_LUMP_SECONDS, slack * LUMP_SHARE));
  if (!(seconds > 0) || seconds > slack * PATIENCE_SHARE) return history;
  const oldest = now - RECENT_SECONDS - seconds;
  let until = now;
  let most = 0;
  for (const time of history.times) {
    const jobs = time > oldest ? cameIn(history, time - seconds, time) : 0;
    if (jobs > most) [most, until] = [jobs, time];
  }
  const from = until - seconds;
  const beside = Math.max(
    cameIn(history, from - seconds, from),
    cameIn(history, until, Math.min(now, until + seconds)),
  );
  const more = most - beside;
  if (more <= DEVIATIONS * Math.sqrt(most + beside + 1)) return history;
  const base = valueAt(history, from);
  return {
    times: history.times,
    values: history.values.map((value, i) => {
      const time = history.times[i] ?? 0;
      if (time <= from) return value;
      return rounded(time >= until ? value - more : base + ((value - base) * beside) / most, 1e2);
    }),
  };
};
