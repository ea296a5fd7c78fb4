import { type Cron, matchesDate, parseCron } from "./cron.ts";
import { civilFromDays, type ZonedClock, zonedClock } from "./zoned-time.ts";

export type Schedule = {
  readonly timezone: string;
  readonly start: string;
  readonly durationSeconds: number;
};

/**
 * Says whether the schedule runs at an instant (milliseconds since 1970): its latest start is less than
 * `durationSeconds` ago. The start is a wall time in the schedule's time zone; the duration is real time, so a day of
 * 23 or 25 hours does not stretch it. A start that is not a cron expression never runs.
 */
export function compileSchedule(schedule: Schedule): (nowMs: number) => boolean {
  const parsed = parseCron(schedule.start);
  if (parsed.kind === "invalid") return () => false;
  const clock = zonedClock(schedule.timezone);
  return (nowMs) => {
    const earliestMs = nowMs - schedule.durationSeconds * 1_000;
    const start = latestStart(parsed.cron, clock, { nowMs, earliestMs });
    return start !== undefined && start > earliestMs;
  };
}

/** Looks back day by day on the wall calendar, the latest first: bounded by the days between, and by one day's minutes in each. */
function latestStart(
  cron: Cron,
  clock: ZonedClock,
  { nowMs, earliestMs }: { nowMs: number; earliestMs: number },
): number | undefined {
  const today = Math.floor(clock.wallAt(nowMs) / 1_440);
  const firstDay = Math.floor(clock.wallAt(earliestMs) / 1_440);
  for (let day = today; day >= firstDay - 1; day--) {
    if (!matchesDate(cron, civilFromDays(day))) continue;
    const start = latestStartOfDay(cron, clock, { day, nowMs });
    if (start !== undefined) return start;
  }
  return undefined;
}

function latestStartOfDay(
  cron: Cron,
  clock: ZonedClock,
  { day, nowMs }: { day: number; nowMs: number },
): number | undefined {
  const wallNow = clock.wallAt(nowMs);
  for (const hour of cron.hours.toReversed()) {
    for (const minute of cron.minutes.toReversed()) {
      const wall = day * 1_440 + hour * 60 + minute;
      // Not later than now on the wall clock by more than a set-back of the clocks could explain.
      if (wall > wallNow + 180) continue;
      const instant = clock.instantOf(wall);
      if (instant <= nowMs) return instant;
    }
  }
  return undefined;
}
