/**
 * `npm run check`: format, lint, types, dead code, unit tests with the coverage of the pure folders; every failure is shown.
 * Arguments go to the tests.
 */
import { spawnSync } from "node:child_process";

const steps: readonly (readonly [string, ...string[]])[] = [
  ["biome", "format", "."],
  ["oxlint", "--type-aware"],
  ["tsc", "-p", "tsconfig.json"],
  ["tsc", "-p", "test/console/tsconfig.json"],
  ["knip"],
  ["vitest", "run", "--project", "unit", "--coverage", ...process.argv.slice(2)],
];

const failed = steps.filter(([command, ...args]) => {
  const startedMs = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${command} ${args.join(" ")} (${seconds} s)`);
  return status !== 0;
});

if (failed.length > 0) console.log(`failed: ${failed.map(([command]) => command).join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
