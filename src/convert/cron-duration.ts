import { type Cron, matchesDate, parseCron } from "../resource/cron.ts";
import { civilFromDays } from "../resource/zoned-time.ts";

/** Two years from a Monday, a leap day among them: 2024-01-01. */
const firstDay = 19_723;
const dayCount = 731;

type Duration =
  | { readonly kind: "duration"; readonly seconds: number }
  | { readonly kind: "none"; readonly because: string };

/** From each firing of `start` to the next one of `end`, on the wall clock, where that is always equally long. */
export function durationBetween(start: string, end: string): Duration {
  const from = parseCron(start);
  const to = parseCron(end);
  if (from.kind === "invalid") return { kind: "none", because: `start: ${from.because}` };
  if (to.kind === "invalid") return { kind: "none", because: `end: ${to.because}` };
  const ends = firings(to.cron);
  const durations = new Set<number>();
  let next = 0;
  for (const minute of firings(from.cron)) {
    while ((ends[next] ?? Number.POSITIVE_INFINITY) <= minute) next += 1;
    const after = ends[next];
    if (after !== undefined) durations.add(after - minute);
  }
  const [minutes, ...others] = durations;
  if (minutes === undefined) return { kind: "none", because: "start or end never comes" };
  if (others.length > 0) return { kind: "none", because: "from start to end it is not always equally long" };
  if (minutes > 31 * 1_440) return { kind: "none", because: "it lasts longer than 31 days" };
  return { kind: "duration", seconds: minutes * 60 };
}

/** Wall minutes since 1970-01-01, ascending. */
function firings(cron: Cron): readonly number[] {
  const minutes: number[] = [];
  for (let day = firstDay; day < firstDay + dayCount; day++) {
    if (!matchesDate(cron, civilFromDays(day))) continue;
    for (const hour of cron.hours)
      for (const minute of cron.minutes) minutes.push(day * 1_440 + hour * 60 + minute);
  }
  return minutes;
}
