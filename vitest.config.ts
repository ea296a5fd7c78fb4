import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Two cores, and tests that mostly wait for other processes.
    maxWorkers: 4,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "kit/src/**/*.test.ts",
            "embedded/**/*.test.ts",
            "demo/**/*.test.ts",
            "test/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/integration/shared-services.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Alone at the end: the one place where attainment is asserted.
        test: {
          name: "demo",
          include: ["test/demo/**/*.test.ts"],
          sequence: { groupOrder: 3 },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/control/**/*.ts", "src/resource/**/*.ts", "kit/src/job/**/*.ts"],
      exclude: ["**/*.test.ts"],
      thresholds: { lines: 100 },
      reporter: ["text-summary", "json-summary"],
    },
  },
});
