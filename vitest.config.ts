import { defineConfig } from "vitest/config";
import { levelProject } from "./test/support/level-project.ts";
import { LongestFirst } from "./test/support/longest-first.ts";

const minute = 60_000;
// API servers, promtool and Helm have much memory here and little processor: their garbage is collected less often.
process.env["GOGC"] ??= "400";

/** An event on a machine that is busy with everything else. */
const patient = { poll: { timeout: 20_000 } };
/** How long nobody decides is asserted of the one, attainment of the other: both mostly wait, and nothing else may run. */
const nearlyAlone = { maxWorkers: 2, sequence: { groupOrder: 3 } };
/** What needs nothing but a processor, while the API server is away for a minute and little else can be done. */
const besideAnOutage = { maxWorkers: 3, sequence: { groupOrder: 4 } };
const clusterSetup = ["test/cluster/shared-cluster.ts", "test/cluster/support/stage.ts"];

export default defineConfig({
  test: {
    // Two cores, and tests that mostly wait for other processes.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    // A cluster is taken down in order, not dropped.
    teardownTimeout: 2 * minute,
    projects: [
      {
        test: {
          name: "unit",
          expect: patient,
          include: [
            "src/**/*.test.ts",
            "kit/src/**/*.test.ts",
            "embedded/**/*.test.ts",
            "demo/**/*.test.ts",
            "dashboards/**/*.test.ts",
            "test/*.test.ts",
          ],
          // Nearly two hundred small files: a process of its own for each would take longer than the tests.
          isolate: false,
          // Property tests take longer than the default beside everything else on two cores.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          expect: patient,
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/integration/shared-services.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "console",
          expect: patient,
          include: ["test/console/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "control-plane",
          expect: patient,
          ...(await levelProject("control-plane", {
            include: ["test/control-plane/**/*.test.ts"],
            globalSetup: ["test/control-plane/shared-control-plane.ts"],
          })),
          testTimeout: 2 * minute,
          hookTimeout: 4 * minute,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "system",
          expect: patient,
          include: ["test/system/**/*.test.ts"],
          testTimeout: minute,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "cluster",
          expect: patient,
          ...(await levelProject("full", {
            include: ["test/cluster/**/*.test.ts"],
            globalSetup: clusterSetup,
          })),
          exclude: ["test/cluster/alone/**", "test/cluster/outage/**"],
          // Hundreds of pods come and go: more at once, and they start late for what is asserted.
          maxWorkers: 4,
          // KEDA's six fallback cases mostly wait, and none of them for another.
          maxConcurrency: 6,
          testTimeout: 5 * minute,
          hookTimeout: 5 * minute,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // The operator is killed here, which the others share.
        test: {
          name: "cluster-alone",
          expect: patient,
          ...(await levelProject("full", {
            include: ["test/cluster/alone/**/*.test.ts"],
            globalSetup: clusterSetup,
          })),
          testTimeout: 10 * minute,
          hookTimeout: 5 * minute,
          ...nearlyAlone,
        },
      },
      {
        // No other test can use the cluster meanwhile.
        test: {
          name: "cluster-outage",
          expect: patient,
          ...(await levelProject("full", {
            include: ["test/cluster/outage/**/*.test.ts"],
            globalSetup: clusterSetup,
          })),
          testTimeout: 10 * minute,
          hookTimeout: 5 * minute,
          ...besideAnOutage,
        },
      },
      {
        test: {
          name: "chart",
          expect: patient,
          include: ["test/chart/**/*.test.ts"],
          testTimeout: 30_000,
          ...besideAnOutage,
        },
      },
      {
        test: {
          name: "rules",
          expect: patient,
          include: ["test/rules/**/*.test.ts"],
          testTimeout: 3 * minute,
          ...besideAnOutage,
        },
      },
      {
        test: {
          name: "demo",
          expect: patient,
          include: ["test/demo/**/*.test.ts"],
          ...nearlyAlone,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/control/**/*.ts", "src/resource/**/*.ts", "src/convert/**/*.ts", "kit/src/job/**/*.ts"],
      exclude: ["**/*.test.ts"],
      thresholds: { lines: 100 },
      reporter: ["text-summary", "json-summary"],
    },
  },
});
