const MINUTE = 60;
const DAY = 86_400;
const HOURS = 24;

type Labels = Readonly<Record<string, string>>;

/** Jobs that come in a second at an hour of the day: few at night, most after noon. */
const rateAt = (hour: number): number => 5 + 4 * Math.sin(((hour - 8) / HOURS) * 2 * Math.PI);
const hourOf = (time: number): number => new Date(time * 1_000).getUTCHours();

/**
 * OpenMetrics text of four weeks that end at `end` (seconds since 1970): what the recording rules would have left
 * behind, and a count that could not be set ten minutes ago.
 */
export const history = (queue: Labels, operator: Labels, end: number): string => {
  const lines: string[] = [];
  const sample = (
    name: string,
    labels: Labels,
    { value, time }: { readonly value: number; readonly time: number },
  ) => lines.push(`${name}{${labelText(labels)}} ${value} ${time}`);
  const begin = end - 28 * DAY;
  const from = (start: number, step: number): readonly number[] =>
    Array.from({ length: Math.floor((end - start) / step) + 1 }, (_one, index) => start + index * step);
  const family = (name: string, type = "gauge") => lines.push(`# TYPE ${name} ${type}`);

  const profile = "queue_hour:millrace_messages_published:rate5m";
  family(profile);
  for (let hour = 0; hour < HOURS; hour++)
    for (const time of from(begin, 30 * MINUTE).filter((one) => hourOf(one) === hour))
      sample(profile, { ...queue, hour: String(hour).padStart(2, "0") }, { value: rateAt(hour), time });

  const published = "queue:millrace_messages_published:rate5m";
  family(published);
  for (const time of from(end - 8 * DAY, MINUTE))
    sample(published, queue, { value: rateAt(hourOf(time)), time });

  const duration = "queue:millrace_job_duration_seconds:p95_rate10m";
  family(duration);
  for (const time of from(end - 8 * DAY, MINUTE)) sample(duration, queue, { value: 0.3, time });

  const errors = "millrace_scale_errors";
  family(errors, "counter");
  for (const time of from(end - 15 * MINUTE, 15)) {
    const value = time < end - 10 * MINUTE ? 0 : 1;
    sample(`${errors}_total`, { ...operator, outcome: "conflict" }, { value, time });
  }
  return `${lines.join("\n")}\n# EOF\n`;
};

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",");
