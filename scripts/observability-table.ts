/** `npm run test:observability`: runs the tests of the rules and prints, by alert, what was proved: {positive, doubled, negative, vanish, restart}. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
};

const columns = ["positive", "doubled", "negative", "vanish", "restart"];
const directory = mkdtempSync(join(tmpdir(), "observability-"));
const file = join(directory, "report.json");
const { status } = spawnSync(
  "vitest",
  ["run", "--project", "rules", "--reporter=json", `--outputFile=${file}`],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const report = JSON.parse(readFileSync(file, "utf8")) as Report;
rmSync(directory, { recursive: true });

const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
// The suites of cases are called "Alert (number)".
const proofs = tests.flatMap(({ ancestorTitles: [suite = ""], title, status: outcome }) => {
  const [, alert] = /^(Millrace\w+) \(\d+\)$/.exec(suite) ?? [];
  return alert === undefined
    ? []
    : [{ alert, column: title.split(":")[0] ?? "", passed: outcome === "passed" }];
});
const cell = (alert: string, column: string): string => {
  const own = proofs.filter((proof) => proof.alert === alert && proof.column === column);
  if (own.length === 0) return "none";
  return `${own.filter(({ passed }) => passed).length} of ${own.length}`;
};
const alerts = [...new Set(proofs.map(({ alert }) => alert))];
console.log(["alert".padEnd(32), ...columns.map((column) => column.padEnd(10))].join(""));
for (const alert of alerts) {
  console.log([alert.padEnd(32), ...columns.map((column) => cell(alert, column).padEnd(10))].join(""));
}
for (const { ancestorTitles, title } of tests.filter((one) => one.status !== "passed"))
  console.log(`not passed: ${[...ancestorTitles, title].join(" > ")}`);
const complete = alerts.every((alert) => columns.every((column) => cell(alert, column) !== "none"));
console.log(`${tests.filter((one) => one.status === "passed").length} of ${tests.length} tests passed`);
process.exitCode = status === 0 && complete && alerts.length > 0 ? 0 : 1;
