import { setTimeout as delay } from "node:timers/promises";
import type { Happening, PoolEvent } from "./pool-event.ts";
import { isReady } from "./replica-probe.ts";
import type { ProcessExit, ReplicaProcess } from "./replica-process.ts";
import { crashLoopAfter, restartDelayMs } from "./restart-delay.ts";

/** Asked this often until ready, then this often; a probe that takes longer than `probeMs` says no. */
const startingPollMs = 50;
const servingPollMs = 1_000;
const probeMs = 1_000;
/** Ready for this long, a replica that ends then is crashing for the first time again. */
const stableMs = 10_000;
/** A killed process that the system does not let go is given up after this. */
const killMs = 5_000;

export type StartedProcess = { readonly process: ReplicaProcess; readonly address: string };

export type ReplicaDependencies = {
  /** Starts the program; the address (`host:port`) is where it must serve its metrics. */
  readonly spawn: () => Promise<StartedProcess>;
  readonly emit: (event: PoolEvent) => void;
  readonly nowMs: () => number;
  readonly graceMs: number;
};

/**
 * - waiting: no process: just created, or crashed and waiting for its next start. Leaves to running, or ended.
 * - running: the process lives. Leaves to waiting (it crashed), draining, or ended.
 * - draining: got SIGTERM; ends by itself or by SIGKILL after the grace.
 * - ended: gone for good.
 */
type State =
  | { readonly kind: "waiting"; readonly wake: AbortController }
  | {
      readonly kind: "running";
      readonly process: ReplicaProcess;
      readonly address: string;
      readonly spawnedAtMs: number;
      /** It has been ready: it may hold a job. */
      readonly served: boolean;
      readonly readySinceMs: number | undefined;
    }
  | {
      readonly kind: "draining";
      readonly process: ReplicaProcess;
      readonly address: string;
      readonly spawnedAtMs: number;
    }
  | { readonly kind: "ended" };

export type ReplicaPhase = "unscheduled" | "scheduled" | "failing" | "ready" | "draining" | "ended";

/** One place in the pool: a process, and the next one when that crashes, until it is drained. */
export class Replica {
  readonly name: string;
  readonly #place: { readonly namespace: string; readonly pool: string };
  readonly #dependencies: ReplicaDependencies;
  #state: State = { kind: "waiting", wake: new AbortController() };
  #attemptAtMs: number;
  #crashes = 0;
  #lastCrash: string | undefined;
  readonly ended: Promise<void>;

  constructor(
    place: { readonly namespace: string; readonly pool: string },
    name: string,
    dependencies: ReplicaDependencies,
  ) {
    this.#place = place;
    this.name = name;
    this.#dependencies = dependencies;
    this.#attemptAtMs = dependencies.nowMs();
    this.#emit({ kind: "created" });
    this.ended = this.#run();
  }

  get phase(): ReplicaPhase {
    const state = this.#state;
    if (state.kind === "draining" || state.kind === "ended") return state.kind;
    if (state.kind === "running" && state.readySinceMs !== undefined) return "ready";
    if (this.#crashes >= crashLoopAfter) return "failing";
    return state.kind === "waiting" ? "unscheduled" : "scheduled";
  }

  /** When the present attempt to start began, Unix ms. */
  get attemptAtMs(): number {
    return this.#attemptAtMs;
  }

  /** True once the present process has been ready: it may hold a job. */
  get hasServed(): boolean {
    return this.#state.kind === "running" && this.#state.served;
  }

  /** `host:port` of its metrics; undefined while it has no process. */
  get address(): string | undefined {
    return this.#state.kind === "running" || this.#state.kind === "draining"
      ? this.#state.address
      : undefined;
  }

  /** How it ended last time, while it has not been stable since. */
  get lastCrash(): string | undefined {
    return this.#lastCrash;
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** Asks it to end; resolves when it is gone, at the latest after its grace and a bounded wait for the kill. */
  async drain(because: string): Promise<void> {
    const state = this.#state;
    if (state.kind === "waiting") {
      this.#state = { kind: "ended" };
      state.wake.abort();
    } else if (state.kind === "running") {
      const { process, address, spawnedAtMs } = state;
      this.#state = { kind: "draining", process, address, spawnedAtMs };
      this.#emit({ kind: "draining", pid: process.pid, because });
      process.terminate();
      if (await settlesWithin(process.exited, this.#dependencies.graceMs)) return this.ended;
      process.kill();
      this.#emit({ kind: "killed", pid: process.pid });
    }
    await settlesWithin(this.ended, killMs);
  }

  /** Attempts, one after another, until it is drained. Never rejects. */
  async #run(): Promise<void> {
    for (;;) {
      const because = await this.#attempt();
      if (this.#is("ended")) return;
      this.#crashes += 1;
      this.#lastCrash = because;
      const delayMs = restartDelayMs(this.#crashes);
      const wake = new AbortController();
      this.#state = { kind: "waiting", wake };
      this.#emit({ kind: "restarting", because, crashes: this.#crashes, delayMs });
      await delay(delayMs, undefined, { signal: wake.signal }).catch(() => {}); // aborted: it is drained
      if (this.#is("ended")) return;
      this.#attemptAtMs = this.#dependencies.nowMs();
    }
  }

  /** One process from spawn to exit; resolves with how it ended. */
  async #attempt(): Promise<string> {
    const { spawn, nowMs } = this.#dependencies;
    let started: StartedProcess;
    try {
      started = await spawn();
    } catch (error) {
      return `could not be started: ${error instanceof Error ? error.message : String(error)}`;
    }
    const { process, address } = started;
    const spawnedAtMs = nowMs();
    const drained = this.#is("ended");
    if (!drained)
      this.#state = {
        kind: "running",
        process,
        address,
        spawnedAtMs,
        served: false,
        readySinceMs: undefined,
      };
    this.#emit({
      kind: "spawned",
      pid: process.pid,
      address,
      sinceCreatedMs: spawnedAtMs - this.#attemptAtMs,
    });
    if (drained) process.kill(); // drained while it was being started: it has done nothing yet
    const watching = new AbortController();
    void this.#watchReadiness(watching.signal);
    const exit = await process.exited;
    watching.abort();
    this.#afterExit(process.pid, spawnedAtMs, exit);
    return describeExit(exit);
  }

  #afterExit(pid: number, spawnedAtMs: number, exit: ProcessExit): void {
    const state = this.#state;
    const nowMs = this.#dependencies.nowMs();
    const asked = state.kind !== "running";
    if (asked) this.#state = { kind: "ended" };
    else if (state.readySinceMs !== undefined && nowMs - state.readySinceMs >= stableMs) this.#crashes = 0;
    this.#emit({ kind: "exited", pid, spawnedAtMs, asked, ...exit });
  }

  async #watchReadiness(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#state.kind === "running") {
      const probe = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
      const ready = await isReady(this.#state.address, probe);
      if (signal.aborted) return;
      this.#noteReadiness(ready);
      await delay(ready ? servingPollMs : startingPollMs, undefined, { signal }).catch(() => {}); // it has exited
    }
  }

  #noteReadiness(ready: boolean): void {
    const state = this.#state;
    if (state.kind !== "running" || ready === (state.readySinceMs !== undefined)) return;
    const nowMs = this.#dependencies.nowMs();
    this.#state = { ...state, served: state.served || ready, readySinceMs: ready ? nowMs : undefined };
    if (ready && !state.served)
      this.#emit({ kind: "ready", pid: state.process.pid, sinceSpawnedMs: nowMs - state.spawnedAtMs });
  }

  /** Behind a method, as the state changes while a function waits. */
  #is(kind: State["kind"]): boolean {
    return this.#state.kind === kind;
  }

  #emit(event: Happening): void {
    const { emit, nowMs } = this.#dependencies;
    emit({ ...this.#place, replica: this.name, atMs: nowMs(), ...event });
  }
}

const describeExit = ({ code, signal }: ProcessExit): string =>
  signal === null ? `exited with code ${code}` : `was ended by ${signal}`;

const settlesWithin = async (promise: Promise<unknown>, ms: number): Promise<boolean> => {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return inTime;
};
