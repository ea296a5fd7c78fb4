import { describe, expect, test, vi } from "vitest";
import type { Spec } from "./contract.ts";
import { type ControlState, step } from "./step.ts";
import { exponentialService, QueueSimulation } from "./testing/queue-simulation.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

type Case = {
  readonly waitSeconds: number;
  readonly serviceSeconds: number;
  readonly startupSeconds: number;
  readonly arrivals?: (t: number) => number;
  /** Jobs that come at once after 20.5 s. */
  readonly lump?: number;
};

const SEEDS = [1, 2, 3, 4, 5];
const TICKS = 240;
const LUMP_TICK = 41;

const simulationOf = (of: Case, seed: number): QueueSimulation =>
  new QueueSimulation({
    seed,
    arrivals: of.arrivals ?? (() => 0),
    service: exponentialService(of.serviceSeconds),
    startupSeconds: of.startupSeconds,
    waitSeconds: of.waitSeconds,
  });

/** The loop as the operator closes it: a cycle every 2 s, and every half while at zero or woken a moment ago. */
const run = (of: Case, seed: number) => {
  const spec: Spec = {
    objective: { waitSeconds: of.waitSeconds, attainmentRatio: 0.95 },
    replicas: { min: 0, max: 300 },
    expectedServiceSeconds: of.serviceSeconds,
  };
  const simulation = simulationOf(of, seed);
  let state: ControlState | undefined;
  let fastUntil = 0;
  let greatest = 0;
  for (let tick = 0; tick < TICKS; tick += 1) {
    if (tick === LUMP_TICK) simulation.publish(of.lump ?? 0);
    const isFast = simulation.waiting > 0 && (simulation.desired === 0 || simulation.t < fastUntil);
    if (tick % 4 === 0 || isFast) {
      const result = step(spec, state, simulation.readings(), Math.round(simulation.t * 1000));
      state = result.state;
      const { from, to } = result.verdict;
      if (from === 0 && to > 0) fastUntil = simulation.t + 5;
      simulation.scaleTo(to);
      greatest = Math.max(greatest, to);
    }
    simulation.run(0.5);
  }
  return { greatest, attainment: simulation.attainment, started: simulation.started };
};

describe("jobs that come all at once are a backlog and no rate", () => {
  const loose = { waitSeconds: 30, serviceSeconds: 1, lump: 60 };

  test.each([2, 10])(
    "60 s of work in 30 s from zero take 3 to 4 replicas (start-up %i s)",
    (startupSeconds) => {
      for (const seed of SEEDS) {
        const { greatest, attainment, started } = run({ ...loose, startupSeconds }, seed);
        expect(started).toBe(60);
        expect(greatest).toBeGreaterThanOrEqual(3);
        expect(greatest).toBeLessThanOrEqual(4);
        expect(attainment).toBe(1);
      }
    },
  );

  test("nor on a steady load: 2 erlangs and 60 jobs", () => {
    for (const seed of SEEDS) {
      const arrivals = () => 2;
      const { greatest, attainment } = run({ ...loose, startupSeconds: 10, arrivals }, seed);
      expect(greatest).toBeLessThanOrEqual(8);
      expect(attainment).toBeGreaterThan(0.95);
    }
  });

  test("1,000 jobs keep the replicas that were ordered for them until they are through", () => {
    for (const seed of SEEDS) {
      const lump = { waitSeconds: 15, serviceSeconds: 0.3, startupSeconds: 10, lump: 1000 };
      expect(run(lump, seed).attainment).toBeGreaterThan(0.95);
    }
  });
});

describe("a load that stays is met as soon as ever", () => {
  const step24 = (t: number): number => (t < 20.3 ? 0 : 24);

  test("a tight promise: 24 jobs/s from nothing, 5 s promised, 1 s start-up", () => {
    const of = { waitSeconds: 5, serviceSeconds: 1, startupSeconds: 1, arrivals: step24 };
    for (const seed of SEEDS) expect(run(of, seed).attainment).toBeGreaterThan(0.97);
  });

  test("a loose promise: nothing is lost by the second look, and nothing overshot", () => {
    const of = { waitSeconds: 30, serviceSeconds: 1, startupSeconds: 10, arrivals: step24 };
    for (const seed of SEEDS) {
      const { attainment, greatest } = run(of, seed);
      expect(attainment).toBeGreaterThan(0.99);
      expect(greatest).toBeLessThanOrEqual(32);
    }
  });
});
