/**
 * `npm run test:observability`: runs the tests of rules, alerts and dashboards, and prints what was proved: of each alert
 * {positive, negative, vanish, restart, doubled}, how long some take from breach to webhook, and of each panel the rows
 * that its queries returned.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertNames } from "./chart/alert-names.ts";

type Test = {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly meta: { readonly secondsToWebhook?: Readonly<Record<string, number>> };
};
type Report = { readonly testResults: readonly { readonly assertionResults: readonly Test[] }[] };
/** Written by the test of the dashboards: each query of each panel. */
type Panel = {
  readonly dashboard: string;
  readonly panel: string;
  readonly query: string;
  readonly rows: number;
};

const panelsFile = new URL("../.cache/observability/panels.json", import.meta.url);
const areas = ["test/rules", "test/integration/alerting", "test/integration/dashboards"];
const columns = ["positive", "negative", "vanish", "restart", "doubled"];

console.error("testing rules, alerts and dashboards; this takes a few minutes ...");
rmSync(panelsFile, { force: true });
const directory = mkdtempSync(join(tmpdir(), "observability-"));
const reportFile = join(directory, "report.json");
const { status } = spawnSync(
  "vitest",
  [
    "run",
    "--project=rules",
    "--project=integration",
    ...areas,
    "--reporter=json",
    `--outputFile=${reportFile}`,
  ],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const report = existsSync(reportFile)
  ? (JSON.parse(readFileSync(reportFile, "utf8")) as Report)
  : { testResults: [] };
rmSync(directory, { recursive: true });
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
const panels = existsSync(panelsFile)
  ? (JSON.parse(readFileSync(panelsFile, "utf8")) as readonly Panel[])
  : [];

// The suites of cases are called "Alert (number)".
const proofs = tests.flatMap(({ ancestorTitles: [suite = ""], title, status: outcome }) => {
  const [, alert] = /^(Millrace\w+) \(\d+\)$/.exec(suite) ?? [];
  if (alert === undefined) return [];
  return [{ alert, column: title.split(":")[0] ?? "", passed: outcome === "passed" }];
});
const cell = (alert: string, column: string): string => {
  const own = proofs.filter((proof) => proof.alert === alert && proof.column === column);
  if (own.length === 0) return "none";
  return `${own.filter(({ passed }) => passed).length} of ${own.length}`;
};

printTable(
  ["alert", ...columns],
  alertNames().map((alert) => [alert, ...columns.map((column) => cell(alert, column))]),
);
printTable(
  ["from breach to webhook, with short durations", "seconds"],
  tests
    .flatMap(({ meta }) => Object.entries(meta.secondsToWebhook ?? {}))
    .map(([alert, seconds]) => [alert, seconds.toFixed(1)]),
);
printTable(
  ["dashboard", "panel", "rows of its queries"],
  [...Map.groupBy(panels, ({ dashboard, panel }) => `${dashboard}\n${panel}`)].map(([, queries]) => [
    queries[0]?.dashboard ?? "",
    queries[0]?.panel ?? "",
    queries
      .map(({ query, rows }) => `${query} ${rows}`)
      .toSorted()
      .join(", "),
  ]),
);

const others = tests.filter((one) => one.status !== "passed");
for (const { ancestorTitles, title, status: outcome } of others)
  console.log(`${outcome}: ${[...ancestorTitles, title].join(" > ")}`);
console.log(`${tests.length - others.length} of ${tests.length} tests passed`);
const isComplete =
  panels.length > 0 &&
  alertNames().every((alert) => columns.every((column) => cell(alert, column) !== "none"));
if (!isComplete) console.log("not complete: an alert without a proof, or no panel");
process.exitCode = status === 0 && isComplete ? 0 : 1;

function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows])
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  console.log();
}
