import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { QueueReading, Readings, Spec } from "./contract.ts";
import { type ControlState, durable, REASONS, restore, step } from "./step.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

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
const fuzzedReadings: fc.Arbitrary<Readings> = fc.record(
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
const anySpec: fc.Arbitrary<Spec> = specs(["Hold", "Max", "Static", "AtLeast", "AtMost", undefined]);
/** The same without a fallback. */
const anySpecWithoutFallback: fc.Arbitrary<Spec> = specs([undefined]);

const RUNS = { numRuns: 60 };
const clockSteps = fc.constantFrom(2000, 2000, 2000, 500, 0, -4000, 10_000, 120_000);
const sequences = fc.array(fc.tuple(clockSteps, fuzzedReadings), { minLength: 1, maxLength: 25 });

type Sequence = readonly (readonly [number, Readings])[];

const play = (spec: Spec, sequence: Sequence, between: (state: ControlState) => ControlState = (s) => s) => {
  let state: ControlState | undefined;
  let nowMs = 1.8e12;
  return sequence.map(([passed, readings]) => {
    nowMs += passed;
    const result = step(spec, state === undefined ? undefined : between(state), readings, nowMs);
    state = result.state;
    return result;
  });
};

const usable = (figure: number | undefined): boolean => figure !== undefined && figure >= 0 && figure <= 1e12;
const freshReady = (readings: Readings): boolean =>
  readings.queues.every(
    ({ broker }) =>
      broker !== undefined && usable(broker.ready) && broker.ageSeconds >= -5 && broker.ageSeconds <= 30,
  );

/** Every number anywhere in the value. */
const numbersIn = (value: unknown): readonly number[] => {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
};

describe("whatever is read", () => {
  test("the count stays within min and max, is whole, and the verdict is consistent", () => {
    fc.assert(
      fc.property(anySpec, sequences, (spec, sequence) => {
        for (const { verdict } of play(spec, sequence)) {
          expect(verdict.to).toBeGreaterThanOrEqual(spec.replicas.min);
          expect(verdict.to).toBeLessThanOrEqual(spec.replicas.max);
          expect(Number.isSafeInteger(verdict.to)).toBe(true);
          expect(Number.isSafeInteger(verdict.recommended)).toBe(true);
          expect(verdict.kind).toBe(verdict.to === verdict.from ? "hold" : "scale");
          expect(verdict.reason in REASONS).toBe(true);
          expect(verdict.explanation).not.toMatch(/NaN|undefined|Infinity/);
        }
      }),
      RUNS,
    );
  });

  test("nothing in the state or the verdict is NaN or infinite, and the state is plain JSON of bounded size", () => {
    fc.assert(
      fc.property(anySpec, sequences, (spec, sequence) => {
        for (const { state, verdict } of play(spec, sequence)) {
          expect([...numbersIn(state), ...numbersIn(verdict)].every(Number.isFinite)).toBe(true);
          const json = JSON.stringify(state);
          expect(json.length).toBeLessThan(16_384);
          expect(JSON.parse(json)).toStrictEqual(state);
          const kept = durable(state);
          expect(JSON.stringify(kept).length).toBeLessThan(2048);
          expect(JSON.parse(JSON.stringify(kept))).toStrictEqual(kept);
        }
      }),
      RUNS,
    );
  });

  test("the same readings give the same verdicts, also when the state went through JSON in between", () => {
    fc.assert(
      fc.property(anySpec, sequences, (spec, sequence) => {
        const frozen = (state: ControlState): ControlState => Object.freeze(structuredClone(state));
        const through = (state: ControlState): ControlState =>
          JSON.parse(JSON.stringify(state)) as ControlState;
        const plain = play(spec, sequence);
        expect(play(spec, sequence, frozen)).toStrictEqual(plain);
        expect(play(spec, sequence, through)).toStrictEqual(plain);
      }),
      RUNS,
    );
  });

  test("nothing is removed while a ready count is unknown, but for what a person chose", () => {
    fc.assert(
      fc.property(anySpecWithoutFallback, sequences, (spec, sequence) => {
        for (const [i, { verdict }] of play(spec, sequence).entries()) {
          const readings = sequence[i]?.[1];
          if (readings === undefined || (readings.queues.length > 0 && freshReady(readings))) continue;
          expect(verdict.to).toBeGreaterThanOrEqual(Math.min(verdict.from, spec.replicas.max));
        }
      }),
      RUNS,
    );
  });

  test("nothing is removed by the first reading after a start or a restore", () => {
    fc.assert(
      fc.property(anySpecWithoutFallback, fuzzedReadings, sequences, (spec, readings, before) => {
        const last = play(spec, before).at(-1);
        const states = [undefined, ...(last === undefined ? [] : [restore(durable(last.state), 1.9e12)])];
        for (const state of states) {
          const { verdict } = step(spec, state, readings, 1.9e12 + 500);
          expect(verdict.to).toBeGreaterThanOrEqual(Math.min(verdict.from, spec.replicas.max));
        }
      }),
      RUNS,
    );
  });

  test("with scale-out off nothing is added beyond min, with scale-in off nothing is removed below max", () => {
    fc.assert(
      fc.property(anySpec, sequences, (spec, sequence) => {
        const off: Spec = { ...spec, scaleOut: { enabled: false }, scaleIn: { enabled: false } };
        for (const { verdict } of play(off, sequence)) {
          expect(verdict.to).toBe(Math.max(spec.replicas.min, Math.min(spec.replicas.max, verdict.from)));
        }
      }),
      RUNS,
    );
  });

  test("a person's number is taken as it is", () => {
    fc.assert(
      fc.property(anySpec, sequences, fc.integer({ min: 0, max: 999 }), (spec, sequence, replicas) => {
        for (const { verdict } of play({ ...spec, paused: { replicas } }, sequence))
          expect(verdict.to).toBe(replicas);
        for (const { verdict } of play({ ...spec, paused: {} }, sequence))
          expect(verdict.to).toBe(verdict.from);
      }),
      RUNS,
    );
  });
});

describe("a known queue", () => {
  const readings = (ready: number, desired: number): Readings => ({
    queues: [{ id: "q", broker: { ageSeconds: 0, epoch: "b", ready, unacked: desired } }],
    slotSharing: "shared",
    fleet: { desired, ready: desired, draining: 0, starting: [], uncreated: 0, rollout: false },
  });

  test("a larger backlog never asks for fewer replicas", () => {
    const spec: Spec = {
      objective: { waitSeconds: 10, attainmentRatio: 0.95 },
      replicas: { min: 0, max: 1000 },
    };
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(40), (a, b, desired) => {
        const few = step(spec, undefined, readings(Math.min(a, b), desired), 0).verdict;
        const many = step(spec, undefined, readings(Math.max(a, b), desired), 0).verdict;
        expect(many.recommended).toBeGreaterThanOrEqual(few.recommended);
      }),
      { numRuns: 300 },
    );
  });

  test("jobs at zero replicas ask for replicas in the very first step", () => {
    const spec: Spec = {
      objective: { waitSeconds: 10, attainmentRatio: 0.95 },
      replicas: { min: 0, max: 1000 },
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (ready) => {
        const { verdict } = step(spec, undefined, readings(ready, 0), 0);
        expect(verdict.to).toBeGreaterThanOrEqual(1);
        expect(verdict.reason).toBe("from-zero");
      }),
    );
  });
});
