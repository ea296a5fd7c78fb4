/** Prints the slowest tests and, last, `N passed, N failed` from vitest's own JSON reports; exit code 1 on a failure or a skip. */
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

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
const suites = reports.flatMap(({ testResults }) => testResults);
const sumOf = (count: (report: Report) => number): number =>
  reports.reduce((sum, report) => sum + count(report), 0);

const tests = suites.flatMap((suite) =>
  suite.assertionResults.map((test) => ({ ...test, file: relative(process.cwd(), suite.name) })),
);
const slowest = tests.toSorted((a, b) => (b.duration ?? 0) - (a.duration ?? 0)).slice(0, 10);
console.log("slowest tests:");
for (const test of slowest)
  console.log(`  ${((test.duration ?? 0) / 1000).toFixed(1)} s  ${test.file}: ${test.fullName}`);
for (const test of tests.filter(({ status }) => status !== "passed"))
  console.log(`${test.status}: ${test.file}: ${test.fullName}`);

const brokenFiles = suites.filter(
  (suite) => suite.status === "failed" && suite.assertionResults.every(({ status }) => status === "passed"),
);
for (const suite of brokenFiles)
  console.log(`failed to run: ${relative(process.cwd(), suite.name)}: ${suite.message}`);

const passed = sumOf(({ numPassedTests }) => numPassedTests);
const failed =
  sumOf(({ numFailedTests, numPendingTests }) => numFailedTests + numPendingTests) + brokenFiles.length;
console.log(`${passed} passed, ${failed} failed`);
const isWhole =
  reports.length > 0 && reports.every(({ success, numPassedTests }) => success && numPassedTests > 0);
process.exitCode = failed === 0 && isWhole ? 0 : 1;
