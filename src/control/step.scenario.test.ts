import { describe, expect, test, vi } from "vitest";
import type { QueueReading, Readings, Spec, Verdict } from "./contract.ts";
import { type ControlState, durable, restore, step } from "./step.ts";
import { exponentialService, QueueSimulation, type SimulationOptions } from "./testing/queue-simulation.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

const SPEC: Spec = { objective: { waitSeconds: 10, attainmentRatio: 0.95 }, replicas: { min: 1, max: 100 } };

type Bend = (readings: Readings, t: number) => Readings;

/** Closes the loop around the step on the simulated queue, in cycles of 2 s. */
class Loop {
  readonly verdicts: Verdict[] = [];
  readonly simulation: QueueSimulation;
  state: ControlState | undefined;
  private readonly spec: Spec;
  private readonly bend: Bend;

  constructor(spec: Spec, options: SimulationOptions, bend: Bend = (readings) => readings) {
    this.spec = spec;
    this.simulation = new QueueSimulation(options);
    this.bend = bend;
  }

  run(seconds: number): void {
    const { simulation } = this;
    const end = simulation.t + seconds;
    while (simulation.t < end - 1e-6) {
      const readings = this.bend(simulation.readings(), simulation.t);
      const { state, verdict } = step(this.spec, this.state, readings, Math.round(simulation.t * 1000));
      this.state = state;
      this.verdicts.push(verdict);
      simulation.scaleTo(verdict.to);
      simulation.run(2);
    }
  }

  get greatest(): number {
    return Math.max(...this.verdicts.map(({ to }) => to));
  }

  removals(): readonly Verdict[] {
    return this.verdicts.filter(({ from, to }) => to < from);
  }
}

const withoutWorkers = ({ id, broker }: QueueReading): QueueReading =>
  broker === undefined ? { id } : { id, broker };

const blind: Bend = (readings) => ({ ...readings, queues: readings.queues.map(({ id }) => ({ id })) });

describe("a load within reach", () => {
  test("a steady load is met at little more than its own work", () => {
    const loop = new Loop(SPEC, {
      arrivals: () => 10,
      service: exponentialService(1),
      startupSeconds: 10,
      waitSeconds: 10,
      startReplicas: 10,
    });
    loop.run(900);
    expect(loop.simulation.attainment).toBeGreaterThan(0.95);
    expect(loop.simulation.overhead).toBeLessThan(1.25);
  });

  test("a burst of eight times the load is met", () => {
    const loop = new Loop(SPEC, {
      arrivals: (t) => (t > 300 && t < 360 ? 16 : 2),
      service: exponentialService(0.5),
      startupSeconds: 2,
      waitSeconds: 10,
      startReplicas: 2,
    });
    loop.run(600);
    expect(loop.simulation.attainment).toBeGreaterThan(0.95);
    expect(loop.greatest).toBeGreaterThanOrEqual(7);
  });

  test("a step to twice the load is met in few orders and not overshot by much", () => {
    const loop = new Loop(SPEC, {
      arrivals: (t) => (t < 400 ? 5 : 10),
      service: exponentialService(2),
      startupSeconds: 10,
      waitSeconds: 10,
      startReplicas: 12,
    });
    loop.run(400);
    const before = loop.verdicts.length;
    loop.run(60);
    const orders = loop.verdicts.slice(before).filter(({ from, to }) => to > from);
    expect(orders.length).toBeGreaterThanOrEqual(1);
    expect(orders.length).toBeLessThanOrEqual(6);
    loop.run(400);
    expect(loop.greatest).toBeLessThanOrEqual(40);
    expect(loop.simulation.attainment).toBeGreaterThan(0.9);
  });

  test("an idle queue drains to zero, and the first job brings it back at once", () => {
    const spec: Spec = {
      objective: { waitSeconds: 5, attainmentRatio: 0.95 },
      replicas: { min: 0, max: 12 },
      scaleIn: { holdSeconds: 5, toZeroAfterSeconds: 5 },
    };
    const loop = new Loop(spec, {
      arrivals: (t) => (t < 60 || t > 120 ? 4 : 0),
      service: exponentialService(0.5),
      startupSeconds: 1,
      waitSeconds: 5,
    });
    loop.run(110);
    expect(loop.simulation.desired).toBe(0);
    expect(loop.verdicts.find(({ reason }) => reason === "idle")?.to).toBe(0);
    loop.run(20);
    expect(loop.simulation.desired).toBeGreaterThan(0);
    expect(loop.verdicts.some(({ reason, from }) => reason === "from-zero" && from === 0)).toBe(true);
  });

  test("a queue that was never used goes to zero too, although nothing could be measured", () => {
    const spec: Spec = { ...SPEC, replicas: { min: 0, max: 10 }, scaleIn: { toZeroAfterSeconds: 20 } };
    const loop = new Loop(spec, {
      arrivals: () => 0,
      service: exponentialService(1),
      startupSeconds: 10,
      waitSeconds: 10,
      startReplicas: 3,
    });
    loop.run(18);
    expect(loop.simulation.desired).toBe(3);
    loop.run(22);
    expect(loop.simulation.desired).toBe(0);
  });

  test("a missing start-up time does not freeze the count", () => {
    const loop = new Loop(
      { ...SPEC, scaleIn: { holdSeconds: 5 } },
      {
        arrivals: (t) => (t < 100 ? 12 : 2),
        service: exponentialService(0.5),
        startupSeconds: 1,
        waitSeconds: 10,
        startupTold: false,
      },
    );
    loop.run(240);
    expect(loop.greatest).toBeGreaterThanOrEqual(6);
    expect(loop.simulation.desired).toBeLessThanOrEqual(3);
    expect(loop.simulation.attainment).toBeGreaterThan(0.95);
  });

  test("service times that double are followed", () => {
    const loop = new Loop(SPEC, {
      arrivals: () => 6,
      service: (t, random) => exponentialService(t < 600 ? 1 : 2)(t, random),
      startupSeconds: 5,
      waitSeconds: 10,
      startReplicas: 7,
    });
    loop.run(600);
    const before = loop.simulation.desired;
    loop.run(600);
    expect(loop.simulation.desired).toBeGreaterThanOrEqual(before + 4);
    expect(loop.verdicts.some(({ limitedBy }) => limitedBy.includes("ineffective"))).toBe(false);
    expect(loop.simulation.attainment).toBeGreaterThan(0.93);
  });
});

describe("signals that fail", () => {
  const options: SimulationOptions = {
    arrivals: (t) => (t < 300 ? 10 : 1),
    service: exponentialService(1),
    startupSeconds: 5,
    waitSeconds: 10,
    startReplicas: 10,
  };

  test("a Prometheus that goes away removes nothing, and afterwards two samples must agree", () => {
    const away = (t: number): boolean => t >= 280 && t < 500;
    const loop = new Loop(SPEC, options, (readings, t) =>
      away(t) ? { ...readings, queues: readings.queues.map(withoutWorkers) } : readings,
    );
    loop.run(280);
    const before = loop.verdicts.length;
    loop.run(220);
    const during = loop.verdicts.slice(before);
    expect(during.every(({ from, to }) => to >= from)).toBe(true);
    const count = loop.simulation.desired;
    loop.run(4);
    expect(loop.simulation.desired).toBe(count);
    loop.run(300);
    expect(loop.simulation.desired).toBeLessThan(count);
  });

  test("workers whose figures freeze remove nothing, and a growing load is still followed", () => {
    let frozen: Readings | undefined;
    const loop = new Loop(SPEC, { ...options, arrivals: (t) => (t < 300 ? 10 : 18) }, (readings, t) => {
      if (t < 300) {
        frozen = readings;
        return readings;
      }
      const workers = frozen?.queues[0]?.workers;
      const queues = readings.queues.map((queue) =>
        workers === undefined ? queue : { ...queue, workers: { ...workers, ageSeconds: t - 300 } },
      );
      return { ...readings, queues };
    });
    loop.run(300);
    const before = loop.verdicts.length;
    loop.run(240);
    expect(loop.verdicts.slice(before + 16).every(({ from, to }) => to >= from)).toBe(true);
    expect(loop.simulation.desired).toBeGreaterThanOrEqual(18);
  });

  test("while nothing is known the count stays, and the fallback takes over when it is asked for", () => {
    const bend: Bend = (readings, t) => (t < 100 ? readings : blind(readings, t));
    const holding = new Loop(SPEC, options, bend);
    holding.run(100);
    const count = holding.simulation.desired;
    holding.run(200);
    expect(holding.simulation.desired).toBe(count);
    expect(holding.verdicts.at(-1)).toMatchObject({ kind: "hold", reason: "blind", recommended: count });
    const fallback = { afterSeconds: 60, behavior: "Static", replicas: 33 } as const;
    const falling = new Loop({ ...SPEC, fallback }, options, bend);
    falling.run(158);
    expect(falling.simulation.desired).toBeLessThan(33);
    falling.run(10);
    expect(falling.simulation.desired).toBe(33);
    expect(falling.verdicts.at(-1)?.limitedBy).toContain("fallback");
  });

  test("a restart in the middle removes nothing by itself and keeps the promise", () => {
    const loop = new Loop(SPEC, { ...options, arrivals: () => 10 });
    loop.run(300);
    expect(loop.state).toBeDefined();
    if (loop.state !== undefined) loop.state = restore(durable(loop.state), loop.simulation.t * 1000);
    const count = loop.simulation.desired;
    const before = loop.verdicts.length;
    loop.run(18);
    expect(loop.verdicts.slice(before).every(({ from, to }) => to >= from)).toBe(true);
    expect(loop.simulation.desired).toBeGreaterThanOrEqual(count);
    loop.run(300);
    expect(loop.simulation.attainment).toBeGreaterThan(0.95);
  });

  test("a restart never hastens the first removal", () => {
    const firstRemoval = (restartAt: number | undefined): number => {
      const loop = new Loop({ ...SPEC, scaleIn: { holdSeconds: 30 } }, options);
      loop.run(restartAt ?? 310);
      const before = loop.verdicts.length;
      if (restartAt !== undefined && loop.state !== undefined) {
        loop.state = restore(durable(loop.state), loop.simulation.t * 1000);
      }
      loop.run(200);
      const index = loop.verdicts.slice(before).findIndex(({ from, to }) => to < from);
      return (before + index) * 2;
    };
    expect(firstRemoval(310)).toBeGreaterThanOrEqual(firstRemoval(undefined));
    expect(firstRemoval(310)).toBeGreaterThan(310 + 28);
  });
});

describe("a load out of reach", () => {
  test("a cap downstream trips the breaker before the count runs away", () => {
    const cap = 12;
    const loop = new Loop(SPEC, {
      arrivals: (t) => (t < 600 ? 8 : 20),
      service: (_t, random, busy) => exponentialService(1)(0, random) * Math.max(1, busy / cap),
      startupSeconds: 5,
      waitSeconds: 10,
      startReplicas: 9,
    });
    loop.run(1500);
    const limited = loop.verdicts.filter(({ limitedBy }) => limitedBy.includes("ineffective"));
    expect(limited.length).toBeGreaterThan(0);
    expect(limited.at(-1)?.explanation).toContain("downstream");
    expect(loop.simulation.desired).toBeLessThanOrEqual(40);
  });

  test("cold starts that cannot be in time are said, with the warm replicas that would do", () => {
    const loop = new Loop(
      {
        objective: { waitSeconds: 4, attainmentRatio: 0.95 },
        replicas: { min: 0, max: 60 },
        scaleIn: { toZeroAfterSeconds: 30 },
      },
      {
        arrivals: (t) => (t % 300 < 40 ? 8 : 0),
        service: exponentialService(1),
        startupSeconds: 30,
        waitSeconds: 4,
      },
    );
    loop.run(1500);
    const feasibility = loop.verdicts
      .map((verdict) => verdict.feasibility)
      .findLast(({ kind }) => kind === "infeasible");
    expect(feasibility?.kind).toBe("infeasible");
    if (feasibility?.kind !== "infeasible") return;
    // Erlang C for 8 erlangs, P(wait > 4 s) <= 5 % with jobs of 1 s: 9 slots.
    expect(feasibility.warmReplicasNeeded).toBeGreaterThanOrEqual(9);
    expect(feasibility.warmReplicasNeeded).toBeLessThanOrEqual(14);
    expect(feasibility.because).toContain("30.0 s");
  });
});
