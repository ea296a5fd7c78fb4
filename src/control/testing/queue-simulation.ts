import type { BrokerReading, Readings, WorkersReading } from "../contract.ts";

/** A stream of numbers from 0 to 1 (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    const more = mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((more ^ (more >>> 14)) >>> 0) / 4294967296;
  };
};

export type SimulationOptions = {
  readonly seed?: number;
  /** Jobs per second at a time. */
  readonly arrivals: (t: number) => number;
  /** Service time of a job that starts at a time while so many others run. Seconds. */
  readonly service: (t: number, random: () => number, busy: number) => number;
  readonly startupSeconds: number;
  readonly waitSeconds: number;
  readonly slots?: number;
  readonly scrapeSeconds?: number;
  readonly startReplicas?: number;
  /** What the workers' metrics leave out. */
  readonly startupTold?: boolean;
};

type Replica = { readonly createdAt: number; readyAt: number; busy: number; draining: boolean };
type Running = { readonly replica: Replica; readonly startedAt: number; readonly endsAt: number };

const TICK_SECONDS = 0.05;

/** One queue, one fleet, on a virtual clock in ticks of 50 ms: enough to close the loop around the control step in tests. */
export class QueueSimulation {
  t = 0;
  started = 0;
  finished = 0;
  late = 0;
  serviceSeconds = 0;
  slotSeconds = 0;
  arrived = 0;
  desired: number;
  readonly waits: number[] = [];
  replicas: Replica[] = [];
  private busySeconds = 0;
  private running: Running[] = [];
  private readonly queue: number[] = [];
  private head = 0;
  private dueAt = 0;
  private scrape: WorkersReading | undefined;
  private scrapedAt = 0;
  private readonly random: () => number;
  private readonly options: SimulationOptions;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.random = seeded(options.seed ?? 1);
    this.desired = options.startReplicas ?? 0;
    for (let i = 0; i < this.desired; i += 1) this.replicas.push(this.replica(0));
    this.dueAt = this.exponential();
  }

  /** Jobs that come at once, now. */
  publish(jobs: number): void {
    for (let i = 0; i < jobs; i += 1) this.queue.push(this.t);
    this.arrived += jobs;
  }

  get ready(): number {
    return this.replicas.filter((r) => !r.draining && r.readyAt <= this.t).length;
  }

  get waiting(): number {
    return this.queue.length - this.head;
  }

  get overhead(): number {
    return this.slotSeconds / this.serviceSeconds;
  }

  get attainment(): number {
    return 1 - this.late / Math.max(1, this.started);
  }

  run(seconds: number): void {
    const end = this.t + seconds - TICK_SECONDS / 2;
    while (this.t < end) this.tick();
  }

  scaleTo(count: number): void {
    const live = this.replicas.filter((r) => !r.draining);
    for (let i = live.length; i < count; i += 1) {
      this.replicas.push(this.replica(this.t + this.options.startupSeconds * (0.8 + 0.4 * this.random())));
    }
    const victims = live.toSorted((a, b) => b.readyAt - a.readyAt || a.busy - b.busy);
    const order = [
      ...victims.filter((r) => r.readyAt > this.t),
      ...victims.filter((r) => r.readyAt <= this.t).toSorted((a, b) => a.busy - b.busy),
    ];
    for (const victim of order.slice(0, Math.max(0, live.length - count))) victim.draining = true;
    this.desired = count;
    this.reap();
  }

  readings(): Readings {
    const { startupSeconds } = this.options;
    const live = this.replicas.filter((r) => !r.draining);
    const starting = live.filter((r) => r.readyAt > this.t);
    const ready = this.ready;
    return {
      queues: [{ id: "jobs.test", broker: this.broker(), ...this.workers() }],
      slotSharing: "shared",
      fleet: {
        desired: this.desired,
        ready,
        draining: this.replicas.length - live.length,
        ...(this.scrape === undefined
          ? {}
          : { slots: this.scrape.reportingReplicas * (this.options.slots ?? 1) }),
        starting: starting.map((r) => ({ ageSeconds: this.t - r.createdAt, phase: "scheduled" as const })),
        idle: live.filter((r) => r.readyAt <= this.t && r.busy === 0).length,
        graceSeconds: 60,
        uncreated: 0,
        rollout: false,
      },
      ...(this.options.startupTold === false
        ? {}
        : { startup: { readySeconds: { p50: startupSeconds, p95: startupSeconds * 1.2, count: 10 } } }),
    };
  }

  private broker(): BrokerReading {
    return { ageSeconds: 0.1, epoch: "b", ready: this.waiting, consumers: this.ready };
  }

  private workers(): { workers: WorkersReading } | undefined {
    if (this.scrape === undefined) return undefined;
    return { workers: { ...this.scrape, ageSeconds: this.t - this.scrapedAt } };
  }

  private replica(readyAt: number): Replica {
    return { createdAt: this.t, readyAt, busy: 0, draining: false };
  }

  private exponential(): number {
    return -Math.log(1 - this.random());
  }

  private tick(): void {
    this.t += TICK_SECONDS;
    this.dueAt -= this.options.arrivals(this.t) * TICK_SECONDS;
    while (this.dueAt <= 0) {
      this.queue.push(this.t);
      this.arrived += 1;
      this.dueAt += this.exponential();
    }
    this.finish();
    this.start();
    this.reap();
    const slots = this.options.slots ?? 1;
    this.slotSeconds += this.replicas.length * slots * TICK_SECONDS;
    this.busySeconds += this.running.length * TICK_SECONDS;
    const scrapeSeconds = this.options.scrapeSeconds ?? 5;
    if (Math.floor(this.t / scrapeSeconds) > Math.floor((this.t - TICK_SECONDS) / scrapeSeconds)) {
      this.takeScrape();
    }
  }

  private finish(): void {
    const still: Running[] = [];
    for (const job of this.running) {
      if (job.endsAt > this.t) {
        still.push(job);
        continue;
      }
      job.replica.busy -= 1;
      this.finished += 1;
      this.serviceSeconds += job.endsAt - job.startedAt;
    }
    this.running = still;
  }

  private start(): void {
    const slots = this.options.slots ?? 1;
    for (const replica of this.replicas) {
      while (this.waiting > 0 && !replica.draining && replica.readyAt <= this.t && replica.busy < slots) {
        const wait = this.t - (this.queue[this.head] ?? this.t);
        this.head += 1;
        replica.busy += 1;
        this.started += 1;
        this.waits.push(wait);
        if (wait > this.options.waitSeconds) this.late += 1;
        const seconds = this.options.service(this.t, this.random, this.running.length + 1);
        this.running.push({ replica, startedAt: this.t, endsAt: this.t + seconds });
      }
    }
  }

  private reap(): void {
    this.replicas = this.replicas.filter((r) => !r.draining || r.busy > 0);
  }

  private takeScrape(): void {
    this.scrapedAt = this.t;
    this.scrape = {
      ageSeconds: 0,
      epoch: "w",
      reportingReplicas: this.ready,
      running: this.running.length,
      started: this.started,
      finished: this.finished,
      serviceSeconds: this.serviceSeconds,
      busySeconds: this.busySeconds,
      waits: { edgesSeconds: [this.options.waitSeconds], counts: [this.started - this.late, this.started] },
    };
  }
}

/** A service time with this mean and exponential spread. */
export const exponentialService = (mean: number) => (_t: number, random: () => number) =>
  -Math.log(1 - random()) * mean;
