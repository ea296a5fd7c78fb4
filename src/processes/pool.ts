import type { FleetObservation } from "../operator/ports.ts";
import { type Candidate, chooseVictims, type ReplicaLoad } from "./choose-victims.ts";
import type { PoolEvent } from "./pool-event.ts";
import type { ProcessPool } from "./process-pool.ts";
import { Replica, type ReplicaDependencies } from "./replica.ts";
import { readLoad } from "./replica-probe.ts";
import { createStartupTimes } from "./startup-times.ts";

const defaultMetricsPath = "/metrics";

type Observed = Extract<FleetObservation, { kind: "observed" }>;
type PoolEmit = (event: PoolEvent) => void;

export type PoolDependencies = Omit<ReplicaDependencies, "graceMs" | "emit"> & {
  readonly emit: PoolEmit;
  /** Replicas that the machine is asked to run at most; what is wanted beyond stays uncreated. */
  readonly maxReplicas: number;
  /** As in `ProcessFleetOptions`. */
  readonly loadDeadlineMs: number;
};

/** The replicas of one pool, kept at the desired count. */
export class Pool {
  readonly #pool: ProcessPool;
  readonly #dependencies: PoolDependencies;
  readonly #replicas = new Set<Replica>(); // in order of creation, draining ones included
  readonly #scheduling = createStartupTimes();
  readonly #readying = createStartupTimes();
  #desired = 0;
  #created = 0;
  #restarts = 0;
  /** Changes are carried out one after another: a second one must not choose the same victims. */
  #work: Promise<void> = Promise.resolve();

  constructor(pool: ProcessPool, dependencies: PoolDependencies) {
    this.#pool = pool;
    this.#dependencies = dependencies;
  }

  get desired(): number {
    return this.#desired;
  }

  /** Addresses (`host:port`) of all that serve metrics, draining ones included. */
  get addresses(): readonly string[] {
    return [...this.#replicas].flatMap((replica) => replica.address ?? []);
  }

  get counts(): Readonly<Record<"ready" | "starting" | "failing" | "draining", number>> {
    return {
      ready: this.#in("ready").length,
      starting: this.#in("unscheduled", "scheduled").length,
      failing: this.#in("failing").length,
      draining: this.#in("draining").length,
    };
  }

  /** Takes effect at once; resolves when replicas were created, or victims were chosen and told to end. */
  async set(desired: number, signal: AbortSignal): Promise<void> {
    this.#desired = desired;
    this.#work = this.#work.then(() => this.#reconcile(signal));
    await this.#work;
  }

  async observe(signal: AbortSignal): Promise<Observed> {
    const loads = await this.#loads(this.#in("ready"), signal);
    const nowMs = this.#dependencies.nowMs();
    const starting = this.#in("unscheduled", "scheduled", "failing").map((replica) => ({
      ageSeconds: Math.max(0, nowMs - replica.attemptAtMs) / 1_000,
      phase: replica.phase as "unscheduled" | "scheduled" | "failing",
    }));
    const ready = this.#in("ready");
    const known = ready.flatMap((replica) => loads.get(replica) ?? []);
    const scheduling = this.#scheduling.quantiles();
    const readying = this.#readying.quantiles();
    const notice = this.#notice();
    return {
      kind: "observed",
      fleet: {
        desired: this.#desired,
        ready: ready.length,
        draining: this.#in("draining").length,
        starting,
        ...(ready.length > 0 && known.length === 0
          ? {} // none says what it runs: idle ones cannot be told
          : { idle: known.filter(({ running }) => running === 0).length }),
        graceSeconds: this.#pool.terminationGraceSeconds,
        uncreated: Math.max(0, this.#desired - this.#dependencies.maxReplicas),
        rollout: false,
      },
      startup: {
        ...(scheduling && { schedulingSeconds: scheduling }),
        ...(readying && { readySeconds: readying }),
      },
      restarts: this.#restarts,
      ...(notice && { notice }),
    };
  }

  /** Drains all of them; resolves when they are gone. Nothing is created afterwards. */
  async stop(): Promise<void> {
    this.#desired = 0;
    await this.#work;
    await Promise.all([...this.#replicas].map((replica) => replica.drain("the operator ends")));
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    const wanted = Math.min(this.#desired, this.#dependencies.maxReplicas);
    const live = [...this.#replicas].filter(({ phase }) => phase !== "draining" && phase !== "ended");
    for (let count = live.length; count < wanted; count++) this.#create();
    if (live.length <= wanted) return;
    const loads = await this.#loads(
      live.filter((replica) => replica.hasServed),
      signal,
    );
    const candidates = live.map((replica) => candidateOf(replica, loads.get(replica)));
    for (const { replica, because } of chooseVictims(candidates, live.length - wanted)) {
      void replica.drain(because);
    }
  }

  #create(): void {
    this.#created += 1;
    const { namespace, name } = this.#pool;
    const replica: Replica = new Replica({ namespace, pool: name }, `${name}-${this.#created}`, {
      ...this.#dependencies,
      graceMs: this.#pool.terminationGraceSeconds * 1_000,
      emit: (event) => this.#note(event),
    });
    this.#replicas.add(replica);
    void replica.ended.then(() => this.#replicas.delete(replica));
  }

  /** Restarts after a crash are no measure of a start-up: only first attempts are counted. */
  #note(event: PoolEvent): void {
    const replica = [...this.#replicas].find(({ name }) => name === event.replica);
    const first = replica === undefined || replica.crashes === 0;
    if (event.kind === "spawned" && first) this.#scheduling.add(event.sinceCreatedMs / 1_000);
    if (event.kind === "ready" && first) this.#readying.add(event.sinceSpawnedMs / 1_000);
    if (event.kind === "restarting") this.#restarts += 1;
    this.#dependencies.emit(event);
  }

  #in(...phases: readonly Replica["phase"][]): readonly Replica[] {
    return [...this.#replicas].filter(({ phase }) => phases.includes(phase));
  }

  async #loads(replicas: readonly Replica[], signal: AbortSignal): Promise<Map<Replica, ReplicaLoad>> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.#dependencies.loadDeadlineMs)]);
    const path = this.#pool.metricsPath ?? defaultMetricsPath;
    const asked = replicas.map(async (replica) => {
      const load =
        replica.address === undefined
          ? undefined
          : await readLoad(`http://${replica.address}${path}`, within);
      return [replica, load] as const;
    });
    const loads = new Map<Replica, ReplicaLoad>();
    for (const [replica, load] of await Promise.all(asked)) {
      if (load !== undefined) loads.set(replica, load);
    }
    return loads;
  }

  #notice(): string | undefined {
    const failing = this.#in("failing");
    const { maxReplicas } = this.#dependencies;
    const [worst] = failing.toSorted((a, b) => b.crashes - a.crashes);
    if (worst !== undefined) {
      return `${failing.length} of ${this.#replicas.size} replicas keep crashing: ${worst.name} ${worst.lastCrash ?? "ended"}, ${worst.crashes} times in a row`;
    }
    if (this.#desired > maxReplicas)
      return `${this.#desired} replicas are wanted, a pool runs at most ${maxReplicas}`;
    return undefined;
  }
}

const candidateOf = (replica: Replica, load: ReplicaLoad | undefined): Candidate<Replica> => ({
  replica,
  createdAtMs: replica.attemptAtMs,
  phase: replica.phase === "failing" ? "failing" : replica.hasServed ? "serving" : "starting",
  ...(load && { load }),
});
