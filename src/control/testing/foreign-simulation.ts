import type { BrokerReading, Readings } from "../contract.ts";

export type ForeignOptions = {
  /** Jobs per second at a time; they come evenly. */
  readonly arrivals: (t: number) => number;
  readonly serviceSeconds: number;
  readonly startupSeconds: number;
  readonly waitSeconds: number;
  readonly prefetch: number;
  readonly slots?: number;
  readonly startReplicas?: number;
  /** From this time on nothing is acknowledged. */
  readonly stuckAfter?: number;
  /** How often the broker's statistics come; undefined: there is no management API. */
  readonly statisticsSeconds?: number;
  /** The holders of messages can be told apart, so that idle replicas go first. */
  readonly tellsHolders?: boolean;
  /** They are told apart as the statistics saw them, and of those idle then the ones are removed that had become so last. */
  readonly holdersAreLate?: boolean;
  readonly graceSeconds?: number;
};

type Replica = {
  readonly createdAt: number;
  readonly readyAt: number;
  /** When those came that are delivered and not begun. */
  held: number[];
  /** When those end that run. */
  ends: number[];
  drainingSince: number | undefined;
  /** Its place in the broker's line, the lowest first: to the end with each delivery, and when it has room again. */
  turn: number;
};

export const TICK_SECONDS = 0.05;

const isIdle = ({ held, ends }: Replica): boolean => held.length + ends.length === 0;

/** Consumers without metrics, seen through a broker alone: messages lie with them before they are begun, and statistics come late. */
export class ForeignSimulation {
  t = 0;
  started = 0;
  late = 0;
  settled = 0;
  /** Jobs that a removed replica could not end within its grace period. */
  interrupted = 0;
  removed = 0;
  desired: number;
  replicas: Replica[] = [];
  readonly queue: number[] = [];
  private arrived = 0;
  private due = 0;
  private delivered = 0;
  private turns = 0;
  private statistics: { readonly at: number; readonly block: Partial<BrokerReading> } | undefined;
  /** Replicas that held nothing when the statistics were made, in the broker's line. */
  private lately: readonly Replica[] = [];
  private readonly options: ForeignOptions;

  constructor(options: ForeignOptions) {
    this.options = options;
    this.desired = options.startReplicas ?? 0;
    for (let i = 0; i < this.desired; i += 1) this.replicas.push(this.replica(0));
  }

  publish(jobs: number): void {
    for (let i = 0; i < jobs; i += 1) this.queue.push(this.t);
    this.arrived += jobs;
  }

  get live(): readonly Replica[] {
    return this.replicas.filter(({ drainingSince }) => drainingSince === undefined);
  }

  get ready(): readonly Replica[] {
    return this.live.filter(({ readyAt }) => readyAt <= this.t);
  }

  get attainment(): number {
    return 1 - this.late / Math.max(1, this.started);
  }

  run(seconds: number): void {
    const end = this.t + seconds - TICK_SECONDS / 2;
    while (this.t < end) this.tick();
  }

  scaleTo(count: number): void {
    for (let i = this.live.length; i < count; i += 1) {
      this.replicas.push(this.replica(this.t + this.options.startupSeconds));
    }
    const load = ({ held, ends }: Replica) => held.length + ends.length;
    const seenIdle = (replica: Replica) => this.lately.indexOf(replica);
    // A ReplicaSet that nobody advises removes what is not ready, then the youngest.
    const order = this.live.toSorted((a, b) => {
      if (!this.options.tellsHolders || a.readyAt > this.t || b.readyAt > this.t)
        return b.readyAt - a.readyAt;
      return this.options.holdersAreLate ? seenIdle(b) - seenIdle(a) : load(a) - load(b);
    });
    for (const victim of order.slice(0, Math.max(0, order.length - count))) {
      victim.drainingSince = this.t;
      this.removed += 1;
      this.queue.unshift(...victim.held);
      this.delivered -= victim.held.length;
      victim.held = [];
    }
    this.desired = count;
  }

  readings(): Readings {
    const { ready, live, options } = this;
    const starting = live.filter(({ readyAt }) => readyAt > this.t);
    return {
      queues: [{ id: "jobs.foreign", broker: this.broker() }],
      slotSharing: "shared",
      fleet: {
        desired: this.desired,
        ready: ready.length,
        draining: this.replicas.length - live.length,
        starting: starting.map(({ createdAt }) => ({
          ageSeconds: this.t - createdAt,
          phase: "scheduled" as const,
        })),
        ...(options.tellsHolders && {
          idle: (options.holdersAreLate
            ? ready.filter((replica) => this.lately.includes(replica))
            : ready.filter(isIdle)
          ).length,
        }),
        graceSeconds: options.graceSeconds ?? 30,
        uncreated: 0,
        rollout: false,
      },
      startup: { readySeconds: { p50: options.startupSeconds, p95: options.startupSeconds, count: 10 } },
    };
  }

  private broker(): BrokerReading {
    const { statistics } = this;
    return {
      ageSeconds: statistics === undefined ? 0 : this.t - statistics.at,
      epoch: "b",
      ready: this.queue.length,
      consumers: this.ready.length,
      ...statistics?.block,
    };
  }

  private replica(readyAt: number): Replica {
    return { createdAt: this.t, readyAt, held: [], ends: [], drainingSince: undefined, turn: ++this.turns };
  }

  private tick(): void {
    const { arrivals, statisticsSeconds } = this.options;
    this.t += TICK_SECONDS;
    this.due += arrivals(this.t) * TICK_SECONDS;
    const jobs = Math.floor(this.due);
    this.due -= jobs;
    this.publish(jobs);
    this.end();
    this.deliver();
    this.begin();
    this.reap();
    if (statisticsSeconds === undefined) return;
    if (Math.floor(this.t / statisticsSeconds) > Math.floor((this.t - TICK_SECONDS) / statisticsSeconds)) {
      this.takeStatistics();
    }
  }

  private end(): void {
    if (this.t >= (this.options.stuckAfter ?? Number.MAX_VALUE)) return;
    for (const replica of this.replicas) {
      const still = replica.ends.filter((at) => at > this.t);
      const wasFull = replica.held.length + replica.ends.length >= this.options.prefetch;
      if (wasFull && still.length < replica.ends.length) replica.turn = ++this.turns;
      this.settled += replica.ends.length - still.length;
      replica.ends = still;
    }
  }

  /** To those with room in turn, as the broker does it: the one that has waited longest first. */
  private deliver(): void {
    const { prefetch } = this.options;
    const line = this.ready
      .filter(({ held, ends }) => held.length + ends.length < prefetch)
      .toSorted((a, b) => a.turn - b.turn);
    while (this.queue.length > 0) {
      const replica = line.shift();
      if (replica === undefined) return;
      replica.held.push(this.queue.shift() ?? this.t);
      replica.turn = ++this.turns;
      this.delivered += 1;
      if (replica.held.length + replica.ends.length < prefetch) line.push(replica);
    }
  }

  private begin(): void {
    const { slots = 1, serviceSeconds, waitSeconds } = this.options;
    for (const replica of this.ready) {
      while (replica.ends.length < slots) {
        const came = replica.held.shift();
        if (came === undefined) break;
        this.started += 1;
        if (this.t - came > waitSeconds) this.late += 1;
        replica.ends.push(this.t + serviceSeconds);
      }
    }
  }

  private reap(): void {
    const { graceSeconds = 30 } = this.options;
    this.replicas = this.replicas.filter(({ drainingSince, ends }) => {
      if (drainingSince === undefined) return true;
      const isKilled = this.t - drainingSince > graceSeconds;
      if (isKilled) this.interrupted += ends.length;
      return ends.length > 0 && !isKilled;
    });
  }

  private takeStatistics(): void {
    this.lately = this.ready.filter(isIdle).toSorted((a, b) => a.turn - b.turn);
    const unacked = this.replicas.reduce((sum, { held, ends }) => sum + held.length + ends.length, 0);
    this.statistics = {
      at: this.t,
      block: { unacked, published: this.arrived, delivered: this.delivered, settled: this.settled },
    };
  }
}
