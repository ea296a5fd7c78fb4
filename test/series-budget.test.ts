import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { REASONS, type Reason } from "../src/control/reason.ts";
import { seriesBudget } from "../scripts/series-budget.ts";
import { Autoscaler } from "../src/operator/autoscaler.ts";
import type { Decision } from "../src/operator/decision-log.ts";
import { exposition } from "../src/operator/exposition.ts";
import { createOperatorMetrics } from "../src/operator/metrics.ts";
import { autoscalerResource } from "./fakes/operator-scenario.ts";

const fleet = {
  kind: "observed",
  restarts: 0,
  fleet: { desired: 1, ready: 1, draining: 0, starting: [], uncreated: 0, rollout: false },
} as const;
const broker = {
  ageSeconds: 0,
  epoch: "1",
  ready: 7,
  unacked: 1,
  consumers: 1,
  published: 9,
  delivered: 9,
  settled: 8,
  redelivered: 0,
};
const workers = {
  ageSeconds: 0,
  epoch: "1",
  reportingReplicas: 1,
  running: 1,
  started: 9,
  finished: 8,
  serviceSeconds: 8,
  waits: { edgesSeconds: [5], counts: [9, 9] },
};
const objective = { waitSeconds: 5, serviceSeconds: 60, ackTimeoutSeconds: 1_800 };

/** An autoscaler of which everything is known. */
function knownAutoscaler(name: string, queueNames: readonly string[]): Autoscaler {
  const resource = autoscalerResource({ objective, queues: queueNames.map((queue) => ({ name: queue })) });
  const named = { ...resource, metadata: { ...resource.metadata, name } };
  const autoscaler = new Autoscaler(named, { saved: undefined, decisionsKept: 100, nowMs: 0 });
  const keys = autoscaler.queues.map(({ ref }) => ref.key);
  const verdict = autoscaler.decide({
    broker: {
      sample: {
        queues: new Map(keys.map((key) => [key, broker])),
        oldestAgeSeconds: new Map(keys.map((key) => [key, 4])),
      },
      atMs: 0,
    },
    workers: { sample: { queues: new Map(keys.map((key) => [key, { workers }])) }, atMs: 0 },
    fleet,
    staleAfterSeconds: 30,
    nowMs: 0,
  });
  if (verdict === undefined) throw new Error("nothing was decided");
  autoscaler.record({ ...verdict, kind: "scale" }, { kind: "scaled" }, 1);
  autoscaler.updateConditions({ sharedWith: [], sourceProblems: [] }, 0);
  return autoscaler;
}

function operatorWith(autoscalers: readonly Autoscaler[], reasons: readonly Reason[]) {
  const registry = new Registry();
  const metrics = createOperatorMetrics(registry, {
    autoscalers: () => autoscalers,
    isLeader: () => true,
    cycleSeconds: 2,
  });
  for (const source of ["broker", "workers", "floors"] as const)
    metrics.sourceRead(source, { seconds: 0.1, nowMs: 1_000 });
  metrics.cycleEnded(0.1);
  for (const autoscaler of autoscalers) {
    const decide = (change: Pick<Decision, "to" | "outcome" | "reason">) => {
      const verdict = autoscaler.latest?.verdict;
      if (verdict !== undefined)
        metrics.decided(autoscaler, { ...verdict, ...change, from: 1, atMs: 0, repeated: 0 });
    };
    for (const reason of reasons) for (const to of [0, 2]) decide({ to, outcome: "scaled", reason });
    for (const outcome of ["conflict", "failed"] as const) decide({ to: 2, outcome, reason: "load" });
  }
  return { registry, ownSeries: async () => seriesIn(await exposition(registry), /^millrace_/) };
}

const seriesIn = (text: string, names: RegExp): number =>
  text.split("\n").filter((line) => names.test(line)).length;

const isReason = (name: string): name is Reason => Object.hasOwn(REASONS, name);
const allReasons = Object.keys(REASONS).filter(isReason);

/** `wide` of them have as many queues as a resource may name, the others one. */
function fleetOf(count: number, wide: number): readonly Autoscaler[] {
  return Array.from({ length: count }, (_one, index) =>
    knownAutoscaler(
      `a-${index}`,
      Array.from(
        { length: index < wide ? seriesBudget.queuesPerAutoscaler : 1 },
        (_queue, queue) => `q-${index}-${queue}`,
      ),
    ),
  );
}

test("an operator without autoscalers stays inside its budget", async () => {
  const { registry } = operatorWith([], []);
  expect(seriesIn(await exposition(registry), /^\w/)).toBeLessThanOrEqual(seriesBudget.fixed);
});

test("an autoscaler and a queue cost what the budget says at most, and no less", async () => {
  const names = (count: number) => Array.from({ length: count }, (_one, index) => `q-${index}`);
  const cost = async (queues: number, reasons = allReasons) =>
    operatorWith([knownAutoscaler("a", names(queues))], reasons).ownSeries();
  const empty = await operatorWith([], []).ownSeries();
  const queue = ((await cost(100)) - (await cost(50))) / 50;
  const own = (await cost(100)) - empty - 100 * queue;
  expect(queue).toBe(seriesBudget.perQueue);
  expect(own).toBeLessThanOrEqual(seriesBudget.perAutoscaler);
  expect(own).toBeGreaterThan(seriesBudget.perAutoscaler - 5);
  const usual = allReasons.slice(0, 4);
  const usualOwn = (await cost(100, usual)) - empty - 100 * queue;
  expect(usualOwn).toBeLessThanOrEqual(seriesBudget.usualPerAutoscaler);
});

test("1,000 autoscalers, ten of them with 100 queues, stay inside the budget", {
  timeout: 30_000,
}, async () => {
  const autoscalers = fleetOf(1_000, 10);
  const queues = autoscalers.reduce((sum, autoscaler) => sum + autoscaler.queues.length, 0);
  expect(queues).toBe(1_990);
  const { fixed, usualPerAutoscaler, perQueue } = seriesBudget;
  const series = await operatorWith(autoscalers, allReasons.slice(0, 4)).ownSeries();
  expect(series).toBeLessThanOrEqual(fixed + 1_000 * usualPerAutoscaler + queues * perQueue);
});

test("the loop turns between the metrics of a long scrape, and the text is the registry's own", {
  timeout: 30_000,
}, async () => {
  const { registry } = operatorWith(fleetOf(20, 1), []);
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const text = await exposition(registry);
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(registry.getMetricsAsArray().length - 1);
  const own = (all: string) => all.split("\n").filter((line) => /^(# \w+ )?millrace_/.test(line));
  expect(own(text)).toEqual(own(await registry.metrics()));
});

test.each([
  ["a quote and a brace", `x"} 1 y{z="`, String.raw`x\"} 1 y{z=\"`],
  ["a line end", "x\nmillrace_operator_leader 7", String.raw`x\nmillrace_operator_leader 7`],
  ["a backslash before a quote", String.raw`x\" y`, String.raw`x\\\" y`],
  ["markup", "<img onerror=alert(1)>", "<img onerror=alert(1)>"],
  ["letters of the world", "очередь-队列-🐇", "очередь-队列-🐇"],
  ["250 characters", "q".repeat(250), "q".repeat(250)],
])("a name with %s is one label value in the text", async (_what, name, written) => {
  const { registry } = operatorWith([knownAutoscaler(name, [name])], ["load"]);
  const text = await exposition(registry);
  expect(text).toContain(
    `\nmillrace_autoscaler_queue_info{namespace="default",autoscaler="${written}",broker="default",vhost="/",queue="${written}"} 1\n`,
  );
  expect(text).toContain(
    `\nmillrace_queue_messages_ready{broker="default",vhost="/",queue="${written}"} 7\n`,
  );
  expect(text).toContain(
    `\nmillrace_scale_events_total{namespace="default",autoscaler="${written}",direction="out",reason="load"} 1\n`,
  );
  expect(text).toContain(
    `\nmillrace_objective_wait_seconds{namespace="default",autoscaler="${written}"} 5\n`,
  );
  expect(text.match(/^millrace_operator_leader.*$/gm)).toEqual(["millrace_operator_leader 1"]);
});
