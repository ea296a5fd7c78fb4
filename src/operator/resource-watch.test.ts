import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigError } from "../../kit/src/config-error.ts";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { LoadedResources } from "./load-resources.ts";
import { createResourceWatch } from "./resource-watch.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function watching() {
  const files: { now: LoadedResources | ConfigError } = {
    now: { autoscalers: [autoscalerResource()], pools: [] },
  };
  const taken: (readonly WorkerAutoscaler[])[] = [];
  const logger = new RecordingLogger();
  const watch = createResourceWatch({
    load: () => (files.now instanceof ConfigError ? Promise.reject(files.now) : Promise.resolve(files.now)),
    loaded: { autoscalers: [autoscalerResource()], pools: [] },
    onChange: (autoscalers) => void taken.push(autoscalers),
    logger,
  });
  await watch.start();
  await vi.advanceTimersByTimeAsync(10_000);
  return { files, taken, logger, watch };
}

test("files that stay the same change nothing", async () => {
  const { taken, logger } = await watching();
  expect([taken, logger.lines]).toEqual([[], []]);
});

test("a changed autoscaler is taken over once, within two seconds", async () => {
  const { files, taken } = await watching();
  const changed = autoscalerResource({ replicas: { min: 2, max: 3 } });
  files.now = { autoscalers: [changed], pools: [] };
  await vi.advanceTimersByTimeAsync(2_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(taken).toEqual([[changed]]);
});

test("wrong files are told once and leave the last good ones in force", async () => {
  const { files, taken, logger } = await watching();
  files.now = new ConfigError(["a.yaml: spec.queues: empty"]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(taken).toEqual([]);
  expect(logger.lines.map(({ level }) => level)).toEqual(["error"]);
  files.now = { autoscalers: [], pools: [] };
  await vi.advanceTimersByTimeAsync(2_000);
  expect(taken).toEqual([[]]);
});

test("a changed pool asks for a restart, and nothing happens after the stop", async () => {
  const { files, taken, logger, watch } = await watching();
  files.now = { ...(files.now instanceof ConfigError ? { autoscalers: [] } : files.now), pools: [pool] };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(logger.lines.map(({ level }) => level)).toEqual(["warn"]);
  await watch.stop();
  files.now = { autoscalers: [], pools: [] };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(taken).toEqual([]);
});

const pool: LoadedResources["pools"][number] = {
  apiVersion: "millrace.dev/v1alpha1",
  kind: "ProcessPool",
  metadata: { name: "w", namespace: "default", annotations: {} },
  spec: { command: ["node"], env: {}, terminationGracePeriodSeconds: 30, metricsPath: "/metrics" },
};
