import fc from "fast-check";
import type { QueueReading, Readings, Spec } from "../contract.ts";

/** Any number that an adapter could hand over, nonsense included. */
const anyNumber = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, -0, 0.5) },
);
const age = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 20, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(-3, -60, 400, Number.NaN) },
);
const epoch = fc.constantFrom("a", "a", "a", "b", "an epoch that is much longer than a key");

const broker = fc.record(
  {
    ageSeconds: age,
    epoch,
    ready: anyNumber,
    unacked: anyNumber,
    consumers: anyNumber,
    published: anyNumber,
    settled: anyNumber,
  },
  { requiredKeys: ["ageSeconds", "epoch", "ready"] },
);

const workers = fc.record(
  {
    ageSeconds: age,
    epoch,
    reportingReplicas: anyNumber,
    running: anyNumber,
    slots: anyNumber,
    started: anyNumber,
    finished: anyNumber,
    serviceSeconds: anyNumber,
    busySeconds: anyNumber,
    waits: fc.record({ edgesSeconds: fc.constant([5, 10]), counts: fc.array(anyNumber, { maxLength: 4 }) }),
  },
  {
    requiredKeys: [
      "ageSeconds",
      "epoch",
      "reportingReplicas",
      "running",
      "started",
      "finished",
      "serviceSeconds",
    ],
  },
);

const queue = (id: string): fc.Arbitrary<QueueReading> =>
  fc.record({ id: fc.constant(id), waitSeconds: anyNumber, broker, workers }, { requiredKeys: ["id"] });

const quantiles = fc.record({ p50: anyNumber, p95: anyNumber, count: anyNumber });

/** Readings of nought to three queues, figures missing, stale and spoilt at will. */
export const fuzzedReadings: fc.Arbitrary<Readings> = fc.record(
  {
    queues: fc
      .tuple(queue("one"), queue("two"), queue("a queue whose name is longer than a key"))
      .chain((all) => fc.integer({ min: 0, max: 3 }).map((count) => all.slice(0, count))),
    slotSharing: fc.constantFrom("shared" as const, "shared" as const, "per-queue" as const),
    fleet: fc.record(
      {
        desired: fc.integer({ min: 0, max: 60 }),
        ready: anyNumber,
        draining: anyNumber,
        slots: anyNumber,
        starting: fc.array(
          fc.record({
            ageSeconds: age,
            phase: fc.constantFrom("unscheduled" as const, "scheduled" as const, "failing" as const),
          }),
          { maxLength: 20 },
        ),
        idle: anyNumber,
        graceSeconds: anyNumber,
        uncreated: fc.constantFrom(0, 0, 0, 3, Number.NaN),
        rollout: fc.constantFrom(false, false, true),
      },
      { requiredKeys: ["desired", "ready", "draining", "starting", "uncreated", "rollout"] },
    ),
    startup: fc.record({ schedulingSeconds: quantiles, readySeconds: quantiles }, { requiredKeys: [] }),
  },
  { requiredKeys: ["queues", "slotSharing", "fleet"] },
);

const specs = (fallbacks: readonly (NonNullable<Spec["fallback"]>["behavior"] | undefined)[]) =>
  fc
    .record({
      min: fc.integer({ min: 0, max: 10 }),
      span: fc.integer({ min: 0, max: 50 }),
      waitSeconds: fc.constantFrom(0.5, 5, 10, 60),
      ratio: fc.constantFrom(0.5, 0.95, 0.999),
      hold: fc.option(fc.constantFrom(0, 5, 60), { nil: undefined }),
      inEnabled: fc.boolean(),
      outEnabled: fc.constantFrom(true, true, false),
      maxStep: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      idleOnly: fc.boolean(),
      scheduled: fc.integer({ min: 0, max: 70 }),
      floor: fc.integer({ min: 0, max: 70 }),
      fallback: fc.constantFrom(...fallbacks),
    })
    .map(
      (o): Spec => ({
        objective: { waitSeconds: o.waitSeconds, attainmentRatio: o.ratio },
        replicas: { min: o.min, max: o.min + o.span },
        scaleIn: {
          enabled: o.inEnabled,
          idleOnly: o.idleOnly,
          ...(o.hold === undefined ? {} : { holdSeconds: o.hold }),
          ...(o.maxStep === undefined ? {} : { maxStep: o.maxStep }),
        },
        scaleOut: { enabled: o.outEnabled },
        schedules: [{ name: "day", active: o.scheduled % 2 === 0, minReplicas: o.scheduled }],
        floor: { replicas: o.floor, because: "a lag" },
        ...(o.fallback === undefined ? {} : { fallback: fallbackOf(o.fallback, o.floor) }),
      }),
    );

const fallbackOf = (behavior: NonNullable<Spec["fallback"]>["behavior"], replicas: number) =>
  behavior === "Hold" || behavior === "Max"
    ? { afterSeconds: 20, behavior }
    : { afterSeconds: 20, behavior, replicas };

/** A spec within its ranges. */
export const anySpec: fc.Arbitrary<Spec> = specs(["Hold", "Max", "Static", "AtLeast", "AtMost", undefined]);
/** The same without a fallback. */
export const anySpecWithoutFallback: fc.Arbitrary<Spec> = specs([undefined]);
