import {
  type Fleet,
  type FleetObservation,
  type ScaleChange,
  type ScaleOutcome,
  type TargetRef,
  targetKey,
} from "../../src/operator/ports.ts";
import type { ManualClock } from "./manual-clock.ts";

type Replica = { readonly createdMs: number };
type Pool = { desired: number; replicas: Replica[] };

/** A fleet in memory whose replicas are ready `startupSeconds` after they were asked for, on a clock that is moved by hand. */
export class MemoryFleet implements Fleet {
  readonly changes: ScaleChange[] = [];
  readonly restored: number[] = [];
  readonly #pools = new Map<string, Pool>();
  readonly #clock: ManualClock;
  readonly #startupSeconds: number;
  /** The next changes are answered with this, and not made. */
  refusal: ScaleOutcome | undefined;
  canRestore = true;
  /** Set: the target cannot be observed. */
  unknownBecause: string | undefined;

  constructor(
    targets: readonly TargetRef[],
    { clock, startupSeconds = 1 }: { readonly clock: ManualClock; readonly startupSeconds?: number },
  ) {
    this.#clock = clock;
    this.#startupSeconds = startupSeconds;
    for (const target of targets) this.#pools.set(targetKey(target), { desired: 0, replicas: [] });
  }

  observe(target: TargetRef): Promise<FleetObservation> {
    const pool = this.#pools.get(targetKey(target));
    if (pool === undefined)
      return Promise.resolve({ kind: "unknown", because: `there is no ${targetKey(target)}` });
    if (this.unknownBecause !== undefined)
      return Promise.resolve({ kind: "unknown", because: this.unknownBecause });
    const starting = pool.replicas.filter((replica) => this.#ageSeconds(replica) < this.#startupSeconds);
    const ready = pool.replicas.length - starting.length;
    return Promise.resolve({
      kind: "observed",
      fleet: {
        desired: pool.desired,
        ready,
        draining: 0,
        idle: ready,
        starting: starting.map((replica) => ({
          ageSeconds: this.#ageSeconds(replica),
          phase: "scheduled" as const,
        })),
        graceSeconds: 30,
        uncreated: 0,
        rollout: false,
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
    this.#set(pool, change.to);
    return Promise.resolve({ kind: "scaled" });
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

  /** Somebody else sets the count. */
  setByHand(target: TargetRef, replicas: number): void {
    const pool = this.#pools.get(targetKey(target));
    if (pool !== undefined) this.#set(pool, replicas);
  }

  readyCount(target: TargetRef): number {
    const replicas = this.#pools.get(targetKey(target))?.replicas ?? [];
    return replicas.filter((replica) => this.#ageSeconds(replica) >= this.#startupSeconds).length;
  }

  desiredCount(target: TargetRef): number {
    return this.#pools.get(targetKey(target))?.desired ?? 0;
  }

  #set(pool: Pool, replicas: number): void {
    pool.desired = replicas;
    pool.replicas = pool.replicas.slice(0, replicas);
    while (pool.replicas.length < replicas) pool.replicas.push({ createdMs: this.#clock.nowMs });
  }

  #ageSeconds(replica: Replica): number {
    return (this.#clock.nowMs - replica.createdMs) / 1_000;
  }
}
