import { expect, test } from "vitest";
import { ManualClock } from "../../test/fakes/manual-clock.ts";
import { MemoryFleet } from "../../test/fakes/memory-fleet.ts";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { silentLogger } from "../../kit/src/logger.ts";
import { AutoscalerSet } from "./autoscaler-set.ts";
import type { Decision } from "./decision-log.ts";
import { compileOperatorOptions } from "./options.ts";

const change = (to: number): Decision => ({
  kind: "scale",
  from: to - 1,
  to,
  recommended: to,
  reason: "load",
  limitedBy: [],
  feasibility: { kind: "unknown" },
  estimate: {},
  terms: [],
  explanation: "",
  atMs: to,
  outcome: "scaled",
  repeated: 0,
});
const resource = autoscalerResource();
const resources = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...resource,
    metadata: { ...resource.metadata, name: `one-${index}`, uid: `uid-${index}` },
  }));

test.each([
  [200, 100],
  [400, 50],
  [5_000, 10],
])("%d autoscalers keep %d changes each, the latest", (count, kept) => {
  const clock = new ManualClock();
  const set = new AutoscalerSet(
    { autoscalers: [], fleet: new MemoryFleet([], { clock }), logger: silentLogger, nowMs: clock.read },
    compileOperatorOptions({}),
  );
  set.replace(resources(1), []);
  for (let to = 1; to <= 150; to++) set.list[0]?.decisions.add(change(to));
  set.replace(resources(count), []);
  expect(set.list[0]?.decisions.changes(1_000)).toEqual(
    Array.from({ length: kept }, (_, index) => change(151 - kept + index)),
  );
});
