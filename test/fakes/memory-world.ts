import type { WorkersReading } from "../../src/control/contract.ts";
import type {
  BrokerSample,
  BrokerSource,
  BrokerWants,
  QueueRef,
  TargetRef,
  WorkerSample,
  WorkerSource,
} from "../../src/operator/ports.ts";
import type { ManualClock } from "./manual-clock.ts";
import { addressOf, type MemoryFleet } from "./memory-fleet.ts";

export type WorldOptions = {
  readonly clock: ManualClock;
  readonly fleet: MemoryFleet;
  readonly target: TargetRef;
  readonly queue: QueueRef;
  readonly serviceSeconds?: number;
};

/** What one scrape of the workers tells. */
type WorkerFigures = {
  readonly workers: Omit<WorkersReading, "ageSeconds">;
  readonly ready: number;
  readonly attachedSlots: number;
  readonly runningByReplica: ReadonlyMap<string, number>;
};

/** One queue and its workers in memory: replicas of the fleet take jobs, one slot each, while the clock is moved. */
export class MemoryWorld {
  readonly #options: WorldOptions;
  /** Jobs that run: on which replica, and when each ends. */
  #running: { readonly replica: string; readonly endsMs: number }[] = [];
  /** When each replica ended its last job. */
  readonly #idleSinceMs = new Map<string, number>();
  #scraped: { readonly atMs: number; readonly figures: WorkerFigures } | undefined;
  #ready = 0;
  #started = 0;
  #finished = 0;
  /** How each source answers: as it is, without this queue, with a problem, with an old sample, or never. */
  broker: "answers" | "away" | "hangs" | "rejects" = "answers";
  workers: "answers" | "empty" | "unseen" | "away" | "stale" | "hangs" | "rejects" = "answers";
  brokerTellsUnacked = false;
  brokerAgeSeconds = 0;
  workersTellDepth = true;
  /** The broker tells which address holds how many messages; the workers' series carry pod names. */
  brokerTellsHolders = false;
  workersTellReplicas = false;
  /** From one scrape of the workers to the next; 0: what they answer is of now, and told as a second old. */
  scrapeSeconds = 0;
  /** Consumers take jobs and never finish one. */
  isStuck = false;
  brokerReads = 0;
  /** Told what each question to the broker wants. */
  onBrokerRead: ((wanted: BrokerWants) => void) | undefined;
  workerReads = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  get backlog(): number {
    return this.#ready;
  }

  get finished(): number {
    return this.#finished;
  }

  /** Those with a job, whether they still belong to the fleet or drain. */
  get busyReplicas(): readonly string[] {
    return this.#running.map(({ replica }) => replica);
  }

  publish(jobs: number): void {
    this.#ready += jobs;
  }

  /** Resolves when an answer of the broker that is under way has arrived. */
  brokerAnswered(): Promise<void> {
    // Everything here answers at once, so all of it has arrived once the microtasks have run.
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Moves the clock in steps of a tenth of a second; workers take and finish jobs as it moves. */
  advance(seconds: number): void {
    const { clock } = this.#options;
    for (let step = 0; step < Math.round(seconds * 10); step++) {
      clock.advance(0.1);
      const still = this.#running.filter(({ endsMs }) => this.isStuck || endsMs > clock.nowMs);
      this.#finished += this.#running.length - still.length;
      for (const { replica, endsMs } of this.#running) this.#idleSinceMs.set(replica, endsMs);
      this.#running = still;
      this.#startJobs();
    }
  }

  #startJobs(): void {
    const { clock, fleet, target, serviceSeconds = 1 } = this.#options;
    const busy = new Set(this.busyReplicas);
    const free = fleet.readyIds(target).filter((replica) => !busy.has(replica));
    // As a quorum queue does: the next job is for the consumer that has had room for longest.
    for (const replica of free.toSorted((one, other) => this.#idleSince(one) - this.#idleSince(other))) {
      if (this.#ready === 0) return;
      this.#ready -= 1;
      this.#started += 1;
      this.#running.push({ replica, endsMs: clock.nowMs + serviceSeconds * 1_000 });
    }
  }

  #idleSince(replica: string): number {
    return this.#idleSinceMs.get(replica) ?? 0;
  }

  asBroker(): BrokerSource {
    return { read: (queues, _signal, wanted) => this.#readBroker(queues, wanted) };
  }

  asWorkers(): WorkerSource {
    return { read: () => this.#readWorkers() };
  }

  #readBroker(queues: readonly QueueRef[], wanted: BrokerWants = {}): Promise<BrokerSample> {
    this.brokerReads += 1;
    this.onBrokerRead?.(wanted);
    if (this.broker === "hangs") return new Promise(() => {});
    if (this.broker === "rejects") return Promise.reject(new Error("broker source broke"));
    const { queue } = this.#options;
    const isAway = this.broker === "away";
    const unknown = new Map(
      queues
        .filter(({ key }) => isAway || key !== queue.key)
        .map(({ key, name }) => [key, isAway ? "connection refused" : `queue ${name} does not exist`]),
    );
    if (isAway) return Promise.resolve({ queues: new Map(), unknown, problem: "connection refused" });
    return Promise.resolve({
      queues: new Map([[queue.key, this.#brokerBlock()]]),
      unknown,
      ...(this.brokerTellsHolders &&
        wanted.holdersOf?.has(queue.broker) === true && {
          holders: new Map([[queue.broker, { ageSeconds: 0, unackedByAddress: this.#jobsBy(addressOf) }]]),
        }),
    });
  }

  /** Jobs of each ready or busy replica, 0 for an idle one. */
  #jobsBy(name: (replica: string) => string): ReadonlyMap<string, number> {
    const { fleet, target } = this.#options;
    const busy = this.busyReplicas;
    const replicas = new Set([...fleet.readyIds(target), ...busy]);
    return new Map(
      [...replicas].map((replica) => [name(replica), busy.filter((one) => one === replica).length]),
    );
  }

  #brokerBlock() {
    const { fleet, target } = this.#options;
    return {
      ageSeconds: this.brokerAgeSeconds,
      epoch: "1",
      ready: this.#ready,
      consumers: fleet.readyCount(target),
      ...(this.brokerTellsUnacked && { unacked: this.#running.length, settled: this.#finished }),
    };
  }

  #readWorkers(): Promise<WorkerSample> {
    this.workerReads += 1;
    if (this.workers === "hangs") return new Promise(() => {});
    if (this.workers === "rejects") return Promise.reject(new Error("worker source broke"));
    if (this.workers === "away") return Promise.resolve({ queues: new Map(), problem: "answers 503" });
    if (this.workers === "unseen")
      return Promise.resolve({ queues: new Map(), problem: "no worker was seen", isUnseen: true });
    if (this.workers === "empty") return Promise.resolve({ queues: new Map() });
    return Promise.resolve({ queues: new Map([[this.#options.queue.key, this.#workerSample()]]) });
  }

  #workerSample() {
    const { clock } = this.#options;
    const { atMs, figures } = this.#lastScrape(clock.nowMs);
    const since = this.scrapeSeconds === 0 ? 1 : (clock.nowMs - atMs) / 1_000;
    const ageSeconds = this.workers === "stale" ? 300 : since;
    const { workers, ready, attachedSlots, runningByReplica } = figures;
    return {
      workers: { ageSeconds, ...workers },
      attachedSlots,
      ...(this.workersTellReplicas && { runningByReplica }),
      ...(this.workersTellDepth && { depth: { ready, ageSeconds } }),
    };
  }

  #lastScrape(nowMs: number) {
    const isDue = this.#scraped === undefined || nowMs - this.#scraped.atMs >= this.scrapeSeconds * 1_000;
    if (this.#scraped === undefined || isDue) this.#scraped = { atMs: nowMs, figures: this.#figures() };
    return this.#scraped;
  }

  #figures(): WorkerFigures {
    const { fleet, target, serviceSeconds = 1 } = this.#options;
    const replicas = fleet.readyCount(target);
    return {
      workers: {
        epoch: "1",
        reportingReplicas: replicas,
        running: this.#running.length,
        started: this.#started,
        finished: this.#finished,
        serviceSeconds: this.#finished * serviceSeconds,
      },
      ready: this.#ready,
      attachedSlots: replicas,
      runningByReplica: this.#jobsBy((replica) => replica),
    };
  }
}
