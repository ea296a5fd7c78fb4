/** Prints the slowest tests and, last, `N passed, N failed` from vitest's own JSON report; exit code 1 on a failure or a skip. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

type Report = {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly duration?: number | null;
      readonly status: string;
    }[];
  }[];
};

const [file = ""] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8")) as Report;

const tests = report.testResults.flatMap((suite) =>
  suite.assertionResults.map((test) => ({ ...test, file: relative(process.cwd(), suite.name) })),
);
const slowest = tests.toSorted((a, b) => (b.duration ?? 0) - (a.duration ?? 0)).slice(0, 10);
console.log("slowest tests:");
for (const test of slowest)
  console.log(`  ${((test.duration ?? 0) / 1000).toFixed(1)} s  ${test.file}: ${test.fullName}`);
for (const test of tests.filter(({ status }) => status !== "passed"))
  console.log(`${test.status}: ${test.file}: ${test.fullName}`);

const brokenFiles = report.testResults.filter(
  (suite) => suite.status === "failed" && suite.assertionResults.every(({ status }) => status === "passed"),
);
for (const suite of brokenFiles)
  console.log(`failed to run: ${relative(process.cwd(), suite.name)}: ${suite.message}`);

const failed = report.numFailedTests + report.numPendingTests + brokenFiles.length;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 && report.success && report.numPassedTests > 0 ? 0 : 1;
