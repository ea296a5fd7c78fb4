/** A cron expression of five fields, as sorted lists of the values that match. */
export type Cron = {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Days of the month and weekdays are both restricted: a day matches when either does, as in every cron. */
  readonly eitherDay: boolean;
};
export type CronParse =
  | { readonly kind: "cron"; readonly cron: Cron }
  | { readonly kind: "invalid"; readonly because: string };

type Field = {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
};

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Field[] = [
  { title: "minute", from: 0, to: 59 },
  { title: "hour", from: 0, to: 23 },
  { title: "day of month", from: 1, to: 31 },
  { title: "month", from: 1, to: 12, names: monthNames },
  { title: "day of week", from: 0, to: 7, names: weekdayNames },
];

/** Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). Lists, ranges, steps, and names of months and days. */
export function parseCron(expression: string): CronParse {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    return {
      kind: "invalid",
      because: `expected five fields (minute hour day month weekday), for example "0 8 * * 1-5", got ${parts.length}`,
    };
  }
  const values: (readonly number[])[] = [];
  for (const [index, field] of fields.entries()) {
    const part = parts[index] ?? "";
    const parsed = parseField(part, field);
    if (parsed === undefined) {
      return {
        kind: "invalid",
        because: `the ${field.title} field "${part}" is not understood: expected ${field.from} to ${field.to}, a list, a range, a step or *`,
      };
    }
    values.push(parsed);
  }
  const isRestricted = (index: number) => !parts[index]?.startsWith("*");
  return { kind: "cron", cron: cronOf(values, { eitherDay: isRestricted(2) && isRestricted(4) }) };
}

function cronOf(values: readonly (readonly number[])[], { eitherDay }: { eitherDay: boolean }): Cron {
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = values;
  return {
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((weekday) => weekday % 7)),
    eitherDay,
  };
}

/** Whether a cron matches on this date; `weekday` 0 = Sunday. */
export function matchesDate(
  cron: Cron,
  date: { readonly month: number; readonly day: number; readonly weekday: number },
): boolean {
  if (!cron.months.has(date.month)) return false;
  const day = cron.days.has(date.day);
  const weekday = cron.weekdays.has(date.weekday);
  return cron.eitherDay ? day || weekday : day && weekday;
}

function parseField(part: string, field: Field): readonly number[] | undefined {
  const values = new Set<number>();
  for (const item of part.split(",")) {
    const range = parseItem(item, field);
    if (range === undefined) return undefined;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseItem(item: string, field: Field): { from: number; to: number; step: number } | undefined {
  const [span = "", stepText, ...rest] = item.split("/");
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  const range = span === "*" ? field : parseRange(span, field, { open: stepText !== undefined });
  if (rest.length > 0 || step === undefined || step < 1 || range === undefined) return undefined;
  return { from: range.from, to: range.to, step };
}

/** `open`: a single value before a step, as in "5/15", runs to the end of the field. */
function parseRange(
  span: string,
  field: Field,
  { open }: { open: boolean },
): { from: number; to: number } | undefined {
  const [fromText = "", toText, ...more] = span.split("-");
  const from = valueOf(fromText, field);
  if (from === undefined || more.length > 0) return undefined;
  if (toText === undefined) return { from, to: open ? field.to : from };
  const to = valueOf(toText, field);
  return to === undefined || from > to ? undefined : { from, to };
}

function valueOf(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.from : wholeNumber(text);
  return value !== undefined && value >= field.from && value <= field.to ? value : undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}
