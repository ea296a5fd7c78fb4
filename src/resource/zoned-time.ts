/** Minutes since 1970-01-01T00:00 on the wall clock of a place. */
type WallMinutes = number;

const formats = /^[A-Za-z][A-Za-z0-9+_/-]*$/;

/** Whether this is an IANA time zone that the runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    return formats.test(name) && new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Tells the wall time of an instant in a place, and the reverse. */
export type ZonedClock = {
  wallAt(epochMs: number): WallMinutes;
  /**
   * The instant of a wall time. A time that comes twice (clocks set back) means its first occurrence; a time that is
   * skipped (clocks set forward) means as much later as the gap is long: 02:30 in a skipped hour is 03:30.
   */
  instantOf(wall: WallMinutes): number;
};

export function zonedClock(timeZone: string): ZonedClock {
  const format = new Intl.DateTimeFormat("en", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const wallAt = (epochMs: number): WallMinutes => {
    const field: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const part of format.formatToParts(epochMs)) field[part.type] = Number(part.value);
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = field;
    return daysFromCivil(year, month, day) * 1_440 + hour * 60 + minute;
  };
  const offsetMinutes = (epochMs: number) => wallAt(epochMs) - Math.floor(epochMs / 60_000);
  return {
    wallAt,
    instantOf(wall) {
      const asUtcMs = wall * 60_000;
      // No zone is 24 h away from UTC, so these two instants lie before and after the wall time.
      const before = offsetMinutes(asUtcMs - 86_400_000);
      const after = offsetMinutes(asUtcMs + 86_400_000);
      const candidates = [asUtcMs - before * 60_000, asUtcMs - after * 60_000];
      const real = candidates.filter((instant) => wallAt(instant) === wall);
      return real.length > 0 ? Math.min(...real) : asUtcMs - before * 60_000;
    },
  };
}

/** Days from 1970-01-01 of a date of the Gregorian calendar; exact for all years (Howard Hinnant, days_from_civil). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The reverse of `daysFromCivil`, with the weekday (0 = Sunday). */
export function civilFromDays(days: number): { month: number; day: number; weekday: number } {
  const shifted = days + 719_468;
  const dayOfEra = shifted - Math.floor(shifted / 146_097) * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  return {
    month: shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    // 1970-01-01 was a Thursday.
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}
