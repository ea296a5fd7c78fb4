const MINUTE_SECONDS = 60;
const MINUTES = 120;

/**
 * OpenMetrics text of two hours that end at `end` (seconds since 1970) in which all jobs of a queue were late, as the
 * recording rules tell it: no budget is burnt within the seconds of a test.
 */
export const lateHistory = (queue: Readonly<Record<string, string>>, end: number): string => {
  const labels = Object.entries(queue).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const families = ["1h", "6h"].map((window) => `queue:millrace_late_jobs:ratio_rate${window}`);
  const lines = families.flatMap((family) => [
    `# TYPE ${family} gauge`,
    ...Array.from(
      { length: MINUTES + 1 },
      (_one, index) => `${family}{${labels.join(",")}} 1 ${end - (MINUTES - index) * MINUTE_SECONDS}`,
    ),
  ]);
  return `${lines.join("\n")}\n# EOF\n`;
};
