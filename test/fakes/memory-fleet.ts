import {
  type Fleet,
  type FleetObservation,
  type Replica,
  type ScaleChange,
  type ScaleOutcome,
  type TargetRef,
  targetKey,
} from "../../src/operator/ports.ts";
import type { ManualClock } from "./manual-clock.ts";

type MemoryReplica = { readonly id: string; readonly createdMs: number };
type Pool = { desired: number; replicas: MemoryReplica[] };
type Observed = Extract<FleetObservation, { kind: "observed" }>;

/** Where the connections of a replica come from. */
export const addressOf = (id: string): string => `10.0.0.${id.replace("replica-", "")}`;

/** A fleet in memory whose replicas are ready `startupSeconds` after they were asked for, on a clock that is moved by hand. */
export class MemoryFleet implements Fleet {
  readonly changes: ScaleChange[] = [];
  observations = 0;
  readonly restored: number[] = [];
  readonly #pools = new Map<string, Pool>();
  readonly #clock: ManualClock;
  readonly #startupSeconds: number;
  /** The next changes are answered with this, and not made. */
  refusal: ScaleOutcome | undefined;
  /** The next changes are made, and never answered. */
  isMute = false;
  canRestore = true;
  /** Set: the target cannot be observed. */
  unknownBecause: string | undefined;
  /** Set: something else scales the targets. */
  owner: NonNullable<Observed["owner"]> | undefined;
  /** Like a Deployment: does not know who is idle, and can be told whom to remove. */
  takesVictims = false;
  /** Like a cluster whose operator protects busy pods: names its replicas. */
  namesReplicas = false;
  /** Laid over what is observed. */
  overlay: Partial<Observed["fleet"]> = {};
  notice: string | undefined;
  /** Whom it was told to protect, call by call. */
  readonly protections: (readonly string[])[] = [];
  /** Names of the removed ones, oldest first. */
  readonly removed: string[] = [];
  #created = 0;
  #nextChange = Promise.withResolvers<ScaleChange>();

  constructor(
    targets: readonly TargetRef[],
    { clock, startupSeconds = 1 }: { readonly clock: ManualClock; readonly startupSeconds?: number },
  ) {
    this.#clock = clock;
    this.#startupSeconds = startupSeconds;
    for (const target of targets) this.#pools.set(targetKey(target), { desired: 0, replicas: [] });
  }

  observe(target: TargetRef): Promise<FleetObservation> {
    this.observations += 1;
    const pool = this.#pools.get(targetKey(target));
    if (pool === undefined)
      return Promise.resolve({ kind: "unknown", because: `there is no ${targetKey(target)}` });
    if (this.unknownBecause !== undefined)
      return Promise.resolve({ kind: "unknown", because: this.unknownBecause });
    const starting = pool.replicas.filter((replica) => this.#ageSeconds(replica) < this.#startupSeconds);
    const ready = pool.replicas.length - starting.length;
    return Promise.resolve({
      kind: "observed",
      ...(this.owner !== undefined && { owner: this.owner }),
      ...(this.notice !== undefined && { notice: this.notice }),
      ...(this.namesReplicas && { replicas: this.#readyReplicas(target) }),
      ...(this.takesVictims && { victims: this.#readyReplicas(target) }),
      fleet: {
        desired: pool.desired,
        ready,
        draining: 0,
        ...(!this.takesVictims && { idle: ready }),
        starting: starting.map((replica) => ({
          ageSeconds: this.#ageSeconds(replica),
          phase: "scheduled" as const,
        })),
        graceSeconds: 30,
        uncreated: 0,
        rollout: false,
        ...this.overlay,
      },
      startup: { readySeconds: { p50: this.#startupSeconds, p95: this.#startupSeconds, count: 10 } },
    });
  }

  scaleTo(target: TargetRef, change: ScaleChange): Promise<ScaleOutcome> {
    const pool = this.#pools.get(targetKey(target));
    if (pool === undefined)
      return Promise.resolve({ kind: "failed", because: `there is no ${targetKey(target)}` });
    if (this.refusal !== undefined) return Promise.resolve(this.refusal);
    if (pool.desired !== change.from) return Promise.resolve({ kind: "conflict", actual: pool.desired });
    this.changes.push(change);
    this.#nextChange.resolve(change);
    this.#nextChange = Promise.withResolvers();
    const victims = new Set(change.victims);
    pool.replicas.sort((a, b) => Number(victims.has(a.id)) - Number(victims.has(b.id)));
    this.#set(pool, change.to);
    return this.isMute ? new Promise(() => {}) : Promise.resolve({ kind: "scaled" });
  }

  protect(_target: TargetRef, busy: readonly string[]): Promise<void> {
    this.protections.push(busy);
    return Promise.resolve();
  }

  restore(target: TargetRef, replicas: number): Promise<void> {
    if (!this.canRestore) return Promise.reject(new Error("cannot start processes"));
    const pool = this.#pools.get(targetKey(target));
    if (pool !== undefined && pool.desired === 0) {
      this.restored.push(replicas);
      this.#set(pool, replicas);
    }
    return Promise.resolve();
  }

  nextChange(): Promise<ScaleChange> {
    return this.#nextChange.promise;
  }

  /** Somebody else sets the count. */
  setByHand(target: TargetRef, replicas: number): void {
    const pool = this.#pools.get(targetKey(target));
    if (pool !== undefined) this.#set(pool, replicas);
  }

  readyCount(target: TargetRef): number {
    return this.readyIds(target).length;
  }

  #readyReplicas(target: TargetRef): readonly Replica[] {
    return this.readyIds(target).map((id) => ({ id, addresses: [addressOf(id)] }));
  }

  readyIds(target: TargetRef): readonly string[] {
    const replicas = this.#pools.get(targetKey(target))?.replicas ?? [];
    return replicas
      .filter((replica) => this.#ageSeconds(replica) >= this.#startupSeconds)
      .map(({ id }) => id);
  }

  desiredCount(target: TargetRef): number {
    return this.#pools.get(targetKey(target))?.desired ?? 0;
  }

  #set(pool: Pool, replicas: number): void {
    pool.desired = replicas;
    this.removed.push(...pool.replicas.slice(replicas).map(({ id }) => id));
    pool.replicas = pool.replicas.slice(0, replicas);
    while (pool.replicas.length < replicas) {
      this.#created += 1;
      pool.replicas.push({ id: `replica-${this.#created}`, createdMs: this.#clock.nowMs });
    }
  }

  #ageSeconds(replica: MemoryReplica): number {
    return (this.#clock.nowMs - replica.createdMs) / 1_000;
  }
}
