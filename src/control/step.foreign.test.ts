import { describe, expect, test, vi } from "vitest";
import type { BrokerReading, Readings, Spec, Verdict } from "./contract.ts";
import { type ControlState, step } from "./step.ts";
import { type ForeignOptions, ForeignSimulation, TICK_SECONDS } from "./testing/foreign-simulation.ts";
import { seeded } from "./testing/queue-simulation.ts";

// Nothing here waits: it computes, and a machine may be busy with other work.
vi.setConfig({ testTimeout: 60_000 });

const BASE = { startupSeconds: 3, waitSeconds: 15, prefetch: 1, statisticsSeconds: 5 };
const SPEC: Spec = { objective: { waitSeconds: 15, attainmentRatio: 0.95 }, replicas: { min: 0, max: 100 } };

type Load = Partial<ForeignOptions> &
  Pick<ForeignOptions, "arrivals" | "serviceSeconds"> & {
    readonly base?: Omit<typeof BASE, "statisticsSeconds">;
  };

class Loop {
  readonly verdicts: Verdict[] = [];
  readonly simulation: ForeignSimulation;
  /** What the broker says instead. */
  bend: Partial<BrokerReading> = {};
  /** How many of those that are at work the fleet calls Ready. */
  called = (ready: number): number => ready;
  private state: ControlState | undefined;
  private readonly spec: Spec;

  constructor({ base = BASE, ...options }: Load, spec: Partial<Spec> = {}) {
    this.simulation = new ForeignSimulation({ ...base, ...options });
    this.spec = { ...SPEC, ...spec };
  }

  run(seconds: number): void {
    const { simulation } = this;
    const end = simulation.t + seconds;
    while (simulation.t < end - 1e-6) {
      const { state, verdict } = step(
        this.spec,
        this.state,
        this.readings(),
        Math.round(simulation.t * 1000),
      );
      this.state = state;
      this.verdicts.push(verdict);
      simulation.scaleTo(verdict.to);
      simulation.run(2);
    }
  }

  private readings(): Readings {
    const readings = this.simulation.readings();
    const queues = readings.queues.map(({ id, broker }) => ({
      id,
      ...(broker && { broker: { ...broker, ...this.bend } }),
    }));
    const { fleet } = readings;
    return { ...readings, queues, fleet: { ...fleet, ready: this.called(fleet.ready) } };
  }

  get greatest(): number {
    return Math.max(...this.verdicts.map(({ to }) => to));
  }
}

describe("consumers that are not ours", () => {
  test("are measured by what the broker settles, although its statistics come in lumps", () => {
    const loop = new Loop({ arrivals: () => 5, serviceSeconds: 2, startReplicas: 1 });
    loop.run(900);
    expect(loop.verdicts.at(-1)?.estimate.serviceSeconds).toBeCloseTo(2, 0);
    expect(loop.simulation.desired).toBeGreaterThanOrEqual(10);
    expect(loop.simulation.desired).toBeLessThanOrEqual(13);
    expect(loop.simulation.attainment).toBeGreaterThan(0.95);
  });

  test("with jobs far longer than the statistics take, are not taken for short ones", () => {
    const loop = new Loop({ arrivals: () => 0.5, serviceSeconds: 40, startReplicas: 15 });
    loop.run(1800);
    const measured = loop.verdicts.at(-1)?.estimate.serviceSeconds ?? 0;
    expect(measured).toBeGreaterThan(25);
    expect(measured).toBeLessThan(60);
  });

  test("with a prefetch of 100 and one slot: no runaway, neither for what lies there nor afterwards", () => {
    const loop = new Loop(
      { arrivals: () => 5, serviceSeconds: 2, prefetch: 100, startReplicas: 1 },
      { expectedServiceSeconds: 2 },
    );
    loop.run(1200);
    expect(loop.greatest).toBeLessThanOrEqual(20);
    expect(loop.simulation.desired).toBeLessThanOrEqual(13);
    expect(loop.simulation.attainment).toBeGreaterThan(0.9);
  });

  for (const prefetch of [1, 100]) {
    test(`with jobs far shorter than half the wait, and nothing told: the rate is not multiplied by that (prefetch ${prefetch})`, () => {
      for (const beginsAt of [20, 21, 22, 23, 24]) {
        const loop = new Loop(
          {
            arrivals: (t) => (t > beginsAt && t < 110 ? 5 : 0),
            serviceSeconds: 0.2,
            startReplicas: 1,
            statisticsSeconds: 5,
            base: { startupSeconds: 3, waitSeconds: 10, prefetch },
          },
          {
            objective: { waitSeconds: 10, attainmentRatio: 0.95 },
            replicas: { min: 1, max: 40 },
            slotsPerReplica: 1,
          },
        );
        loop.run(150);
        expect(loop.greatest, `from ${beginsAt} s on`).toBeLessThanOrEqual(4);
        expect(loop.simulation.attainment).toBe(1);
      }
    });
  }

  test("with jobs far longer than half the wait, and nothing told: what runs and does not end says so", () => {
    const loop = new Loop({ arrivals: (t) => (t > 4 ? 0.5 : 0), serviceSeconds: 40 });
    loop.run(40);
    expect(loop.verdicts.at(-1)?.estimate.serviceSeconds).toBeGreaterThan(12);
    loop.run(140);
    expect(loop.simulation.attainment).toBeGreaterThan(0.97);
    expect(loop.greatest).toBeLessThanOrEqual(40);
  });

  test("that begin their long jobs together when 60-s replicas come: nothing is asked for beyond a tenth", () => {
    for (const beginsAt of [4, 5, 6, 7, 8]) {
      const loop = new Loop(
        {
          arrivals: (t) => (t > beginsAt && t < 304 ? 1 : 0),
          serviceSeconds: 10,
          statisticsSeconds: 5,
          base: { startupSeconds: 60, waitSeconds: 120, prefetch: 1 },
        },
        { objective: { waitSeconds: 120, attainmentRatio: 0.95 }, expectedServiceSeconds: 10 },
      );
      loop.run(360);
      expect(loop.greatest, `from ${beginsAt} s on`).toBeLessThanOrEqual(12);
    }
  });

  for (const prefetch of [1, 20]) {
    test(`that are stuck with a backlog (prefetch ${prefetch}) lose no replica, for as long as it lasts`, () => {
      const loop = new Loop({
        arrivals: (t) => (t < 120 ? 2 : 0),
        serviceSeconds: 2,
        prefetch,
        startReplicas: 6,
        stuckAfter: 60,
      });
      loop.run(60);
      const before = loop.simulation.removed;
      loop.run(1200);
      expect(loop.simulation.removed).toBe(before);
      expect(["stalled", "ineffective", "waiting-for-idle"]).toContain(loop.verdicts.at(-1)?.reason);
    });
  }

  test("that hang on their last jobs, with none waiting, lose no replica once the jobs outlast the grace", () => {
    const loop = new Loop(
      { arrivals: (t) => (t < 300 ? 2 : 0), serviceSeconds: 2, startReplicas: 5, stuckAfter: 299.4 },
      { scaleIn: { holdSeconds: 120 } },
    );
    loop.run(340);
    const { removed } = loop.simulation;
    loop.run(600);
    expect(loop.simulation.removed).toBe(removed);
    expect(loop.verdicts.at(-1)?.reason).toBe("waiting-for-idle");
  });

  test.for([
    ["are not called Ready, as on a node that the API server has lost", () => 0, {}],
    ["are not called Ready, as with a late readiness probe", (ready: number) => Math.min(ready, 5), {}],
    ["are not seen at all", () => 0, { consumers: 0 }],
  ] as const)("that work and %s: their jobs are not taken for shorter ones", ([, called, bend]) => {
    const loop = new Loop(
      { arrivals: () => 4, serviceSeconds: 1, startReplicas: 5 },
      { objective: { waitSeconds: 10, attainmentRatio: 0.95 }, replicas: { min: 1, max: 30 } },
    );
    loop.run(120);
    const before = loop.verdicts.length;
    loop.called = called;
    loop.bend = bend;
    loop.simulation.publish(1_500);
    loop.run(50);
    loop.called = (ready) => ready;
    loop.bend = {};
    loop.run(40);
    const since = loop.verdicts.slice(before);
    expect(since.map(({ reason }) => reason)).not.toContain("ineffective");
    expect(Math.min(...since.map(({ estimate }) => estimate.serviceSeconds ?? 0))).toBeGreaterThan(0.55);
    expect(loop.simulation.queue).toHaveLength(0);
  });

  test("over AMQP alone are scaled out, and never in", () => {
    const { statisticsSeconds: _none, ...base } = BASE;
    const loop = new Loop({ arrivals: (t) => (t < 120 ? 5 : 0), serviceSeconds: 2, base });
    loop.run(600);
    expect(loop.greatest).toBeGreaterThanOrEqual(10);
    expect(loop.simulation.removed).toBe(0);
    expect(loop.verdicts.at(-1)).toMatchObject({
      reason: "signals-incomplete",
      limitedBy: ["scale-in-blocked"],
    });
  });
});

describe("jobs of foreign consumers that take longer than the grace period", () => {
  const waves = (t: number): number => (t % 240 < 60 ? 0.5 : 0.05);

  test("are never interrupted where the holders can be told apart, and idle replicas go", () => {
    const loop = new Loop({ arrivals: waves, serviceSeconds: 40, tellsHolders: true, statisticsSeconds: 2 });
    loop.run(4_800);
    expect(loop.simulation.removed).toBeGreaterThan(100);
    expect(loop.simulation.interrupted).toBe(0);
  });

  test("that do not drain are seldom interrupted, although the holders are told late and jobs come at any moment", () => {
    const random = seeded(7);
    let dueAt = 5;
    const arrivals = (t: number): number => {
      let jobs = 0;
      for (; dueAt <= t; dueAt -= Math.log(1 - random()) / 0.1) jobs += random() < 0.1 ? 8 : 1;
      return jobs / TICK_SECONDS;
    };
    const loop = new Loop(
      { arrivals, serviceSeconds: 12, tellsHolders: true, holdersAreLate: true, graceSeconds: 2 },
      { expectedServiceSeconds: 12, scaleIn: { holdSeconds: 6 } },
    );
    loop.run(12_000);
    const { removed, interrupted } = loop.simulation;
    expect(removed).toBeGreaterThan(500);
    expect(interrupted / removed).toBeLessThan(0.02);
  });

  test("are never interrupted where they cannot: nothing goes while anything is unacked", () => {
    const loop = new Loop({ arrivals: (t) => (t % 600 < 60 ? 0.5 : 0), serviceSeconds: 40 });
    loop.run(4_800);
    expect(loop.simulation.removed).toBeGreaterThan(10);
    expect(loop.simulation.interrupted).toBe(0);
  });

  test("nor on a replica whose consumer is gone while it still holds them", () => {
    const loop = new Loop({ arrivals: (t) => (t < 300 ? 0.3 : 0), serviceSeconds: 40 });
    loop.run(500);
    loop.bend = { ready: 0, unacked: 1, consumers: 0 };
    const { removed } = loop.simulation;
    loop.run(300);
    expect(loop.simulation.removed).toBe(removed);
    loop.bend = {};
    loop.run(300);
    expect(loop.simulation.removed).toBeGreaterThan(removed);
  });

  test("nor while nothing is known of their length", () => {
    const loop = new Loop({ arrivals: (t) => (t < 30 ? 0.2 : 0), serviceSeconds: 60, startReplicas: 8 });
    loop.run(70);
    expect(loop.simulation.removed).toBe(0);
  });
});
