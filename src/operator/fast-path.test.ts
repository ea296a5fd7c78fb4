import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { Autoscaler } from "./autoscaler.ts";
import { FastPath, lookedAtFast } from "./fast-path.ts";
import { createOperatorMetrics } from "./metrics.ts";
import { compileOperatorOptions } from "./options.ts";

const fleet = (desired: number) =>
  ({
    kind: "observed",
    fleet: { desired, ready: desired, draining: 0, starting: [], uncreated: 0, rollout: false },
  }) as const;

/** Autoscalers with a hundred queues each; `idle` of them at zero. */
function setup(count: number) {
  const autoscalers = Array.from({ length: count }, (_one, index) => {
    const queues = Array.from({ length: 100 }, (_queue, queue) => ({ name: `q-${index}-${queue}` }));
    return new Autoscaler(autoscalerResource({ queues }), { saved: undefined, decisionsKept: 100, nowMs: 0 });
  });
  const look = (idle: number) =>
    autoscalers.forEach((autoscaler, index) =>
      autoscaler.decide({ fleet: fleet(index < idle ? 0 : 3), staleAfterSeconds: 30, nowMs: 0 }),
    );
  const logger = new RecordingLogger();
  const registry = new Registry();
  const metrics = createOperatorMetrics(registry, {
    autoscalers: () => [],
    isLeader: () => true,
    cycleSeconds: 2,
  });
  const fastPath = new FastPath(
    { autoscalers: () => autoscalers, nowMs: () => 0, logger, metrics },
    compileOperatorOptions({}),
  );
  const metric = async () =>
    (await registry.metrics())
      .split("\n")
      .find((line) => line.startsWith("millrace_fast_path_period_seconds"));
  return { fastPath, look, logger, metric, autoscalers };
}

/** Three replicas each, and empty queues; the first queue of each may be something else. */
function quiet(autoscalers: readonly Autoscaler[], first: "empty" | "busy" | "unknown" = "empty") {
  for (const autoscaler of autoscalers) {
    const queues = new Map(
      autoscaler.queues.map(({ ref }, index) => [
        ref.key,
        { ageSeconds: 0, epoch: "1", ready: index === 0 && first === "busy" ? 1 : 0 },
      ]),
    );
    if (first === "unknown") queues.delete(autoscaler.queues[0]?.ref.key ?? "");
    autoscaler.decide({
      fleet: fleet(3),
      broker: { atMs: 0, sample: { queues, unknown: new Map() } },
      staleAfterSeconds: 30,
      nowMs: 0,
    });
  }
}

test("up to 400 idle queues are looked at every half second, more of them in proportion less often", () => {
  const { fastPath, look } = setup(12);
  look(4);
  expect(fastPath.periodMs()).toBe(500);
  look(5);
  expect(fastPath.periodMs()).toBe(625);
  look(12);
  expect(fastPath.periodMs()).toBe(1_500);
});

test("that it is slower is told by metric, log and note, once, and again when it is over", async () => {
  const { fastPath, look, logger, metric } = setup(12);
  look(1);
  fastPath.periodMs();
  expect([fastPath.notes, logger.lines]).toEqual([[], []]);
  look(12);
  fastPath.periodMs();
  fastPath.periodMs();
  expect(await metric()).toBe("millrace_fast_path_period_seconds 1.5");
  expect(fastPath.notes).toEqual([
    "Idle queues are looked at every 1.5 s instead of every 0.5 s, as there are 1200 of them.",
  ]);
  look(0);
  fastPath.periodMs();
  expect(fastPath.notes).toEqual([]);
  expect(logger.lines.map(({ level, fields }) => [level, fields["queues"]])).toEqual([
    ["warn", 1_200],
    ["info", 0],
  ]);
});

test("those with replicas and quiet queues fill what is left of the 400, and never make it slower", () => {
  const { fastPath, look, autoscalers } = setup(12);
  look(2);
  quiet(autoscalers.slice(2));
  expect(lookedAtFast(autoscalers, 0)).toEqual(autoscalers.slice(0, 4));
  expect(fastPath.periodMs()).toBe(500);
  look(5);
  quiet(autoscalers.slice(5));
  expect(lookedAtFast(autoscalers, 0)).toEqual(autoscalers.slice(0, 5));
  expect(fastPath.periodMs()).toBe(625);
});

test("one queue with a job, or that nobody knows, makes an autoscaler with replicas no quiet one", () => {
  const { autoscalers } = setup(1);
  quiet(autoscalers);
  expect(lookedAtFast(autoscalers, 0)).toEqual(autoscalers);
  quiet(autoscalers, "busy");
  expect(lookedAtFast(autoscalers, 0)).toEqual([]);
  quiet(autoscalers, "unknown");
  expect(lookedAtFast(autoscalers, 0)).toEqual([]);
});

test("the first jobs of a quiet queue keep it under the fast path for 5 s", () => {
  const { autoscalers } = setup(1);
  quiet(autoscalers, "busy");
  autoscalers[0]?.stir(1_000);
  expect(lookedAtFast(autoscalers, 5_900)).toEqual(autoscalers);
  expect(lookedAtFast(autoscalers, 6_000)).toEqual([]);
});
