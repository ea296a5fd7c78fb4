import { type ChartValue, settingsOf } from "./chart-values.ts";

/** The table of all settings, for the chart's README. */
export function valuesTableOf(values: readonly ChartValue[]): string {
  const rows = settingsOf(values).map(
    ({ path, description, preset }) =>
      `| \`${path.join(".")}\` | \`${JSON.stringify(preset)}\` | ${cell(description)} |`,
  );
  return ["| value | default | meaning |", "|---|---|---|", ...rows, ""].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
