import type { Logger } from "../../kit/src/logger.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { viewOf } from "./autoscaler-view.ts";
import type { Taken } from "./build-readings.ts";
import { type Decision, logDecision } from "./decision-log.ts";
import { FleetAccess } from "./fleet-access.ts";
import { lookedAtFast } from "./fast-path.ts";
import type { OperatorMetrics } from "./metrics.ts";
import type { CompiledOperatorOptions } from "./options.ts";
import {
  type BrokerSample,
  type Fleet,
  type FleetObservation,
  type Journal,
  type Lease,
  type ScaleOutcome,
  targetKey,
} from "./ports.ts";
import { type Look, SourceReader, type SourceReaderDeps } from "./source-reader.ts";
import { decisionsSaved } from "./state-store.ts";

export type ControlLoopDeps = SourceReaderDeps & {
  readonly fleet: Fleet;
  readonly lease?: Pick<Lease, "isHeld">;
  readonly journal?: Journal;
  readonly options: CompiledOperatorOptions;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

type Scene = {
  readonly look: Look;
  readonly fleet: FleetObservation | undefined;
  /** A removal is left to the next cycle. */
  readonly outOnly?: boolean;
};

/** What came of one autoscaler in one look; only decisions that are new. */
type Done = { readonly changed: boolean; readonly decisions: readonly Decision[] };
const nothingDone: Done = { changed: false, decisions: [] };

/** So long busy replicas are let go, look by look: a call may fail, and one call does not write to all of very many. */
const lettingGoMs = 60_000;

/** Observe, step, act, report; once for all autoscalers, or at once for idle ones whose queue has a job. Holds no timer. */
export class ControlLoop {
  readonly #deps: ControlLoopDeps;
  readonly #sources: SourceReader;
  readonly #fleet: FleetAccess;
  /** By target: who kept busy replicas there, when it was last asked; until they were let go. */
  readonly #keepers = new Map<string, { readonly autoscaler: Autoscaler; readonly atMs: number }>();
  readonly #met = new WeakSet<Autoscaler>();
  #lastLook: Look = {};
  #number = 0;

  constructor(deps: ControlLoopDeps) {
    this.#deps = deps;
    this.#sources = new SourceReader(deps);
    this.#fleet = new FleetAccess(deps.fleet, { deadlineMs: deps.options.readDeadlineMs });
  }

  /** Since when a source has not told all, and why: a sentence each. A follower was told last while it led. */
  get notes(): readonly string[] {
    return this.#mayAct ? this.#sources.notes : [];
  }

  /** Looks at all of them and acts. Resolves when every change was answered. Says whether any count was changed. */
  async cycle(autoscalers: readonly Autoscaler[]): Promise<boolean> {
    const number = ++this.#number;
    const startedMs = this.#deps.nowMs();
    const [look, fleets] = await this.#observe(autoscalers);
    this.#lastLook = look;
    // One that the fast path decided on in the meantime is left to the next cycle: what was read here is older than that.
    const due = autoscalers.filter((autoscaler) => !autoscaler.acting && autoscaler.lookedAt < number);
    const report = this.#reportOf(autoscalers);
    const changes = await Promise.all(
      due.map(async (autoscaler) => {
        const fleet = fleets.get(autoscaler);
        return report(autoscaler, await this.#decideAndAct(autoscaler, { look, fleet }));
      }),
    );
    this.#letGo(autoscalers);
    this.#deps.metrics.cycleEnded((this.#deps.nowMs() - startedMs) / 1_000);
    return changes.includes(true);
  }

  /** Asks everything that a cycle asks, for the connections, watches and histories that begin with it, and decides nothing. */
  async warmUp(autoscalers: readonly Autoscaler[]): Promise<void> {
    await this.#observe(autoscalers);
  }

  #observe(autoscalers: readonly Autoscaler[]): Promise<[Look, ReadonlyMap<Autoscaler, FleetObservation>]> {
    const matches = this.#sources.match(autoscalers);
    for (const autoscaler of autoscalers) if (autoscaler.patterns.length > 0) autoscaler.resolve(matches);
    return Promise.all([this.#sources.look(autoscalers), this.#fleet.observeAll(autoscalers)]);
  }

  /**
   * Looks at the queues of those at zero replicas and of quiet ones, and decides at once for each whose queue has a job;
   * and for those where the first came a moment ago, as they were perhaps not yet all there. Says whether a count was
   * changed. Only outwards: what the workers do is not asked here, and without it nothing is removed.
   */
  async fastLook(autoscalers: readonly Autoscaler[]): Promise<boolean> {
    const wanted = lookedAtFast(autoscalers, this.#deps.nowMs());
    if (wanted.length === 0 || !this.#sources.hasBroker) return false;
    const broker = await this.#sources.readBroker(wanted);
    const woken = lookedAtFast(wanted, this.#deps.nowMs()).filter((one) => hasJobs(one, broker));
    if (woken.length === 0) return false;
    const look = { ...this.#lastLook, ...(broker !== undefined && { broker }) };
    const report = this.#reportOf(autoscalers);
    const changes = await Promise.all(
      woken.map(async (autoscaler) => report(autoscaler, await this.#wake(autoscaler, look))),
    );
    return changes.includes(true);
  }

  async #wake(autoscaler: Autoscaler, look: Look): Promise<Done> {
    if (!autoscaler.isAtZero) autoscaler.stir(this.#deps.nowMs());
    autoscaler.acting = true;
    const fleet = await this.#fleet.observe(autoscaler);
    const done = await this.#decideAndAct(autoscaler, { look, fleet, outOnly: true });
    // A cycle that began before this moment may have seen the count from before the change.
    autoscaler.lookedAt = ++this.#number;
    return done;
  }

  get #mayAct(): boolean {
    return this.#deps.lease?.isHeld ?? true;
  }

  async #decideAndAct(autoscaler: Autoscaler, { look, fleet, outOnly = false }: Scene): Promise<Done> {
    const { metrics, logger, nowMs, options } = this.#deps;
    const decisions: Decision[] = [];
    const note = (decision: Decision | undefined): void => {
      if (decision === undefined) return;
      decisions.push(decision);
      metrics.decided(autoscaler, decision);
      logDecision(logger, autoscaler.key, decision);
    };
    autoscaler.acting = true;
    try {
      const verdict = autoscaler.decide({
        ...look,
        ...this.#floorOf(autoscaler, look),
        fleet: fleet ?? { kind: "unknown", because: "not observed" },
        staleAfterSeconds: options.staleAfterSeconds,
        nowMs: nowMs(),
      });
      if (verdict === undefined || !this.#mayAct) return nothingDone;
      const madeLate = autoscaler.recordMadeLate(nowMs());
      note(madeLate);
      if (outOnly && verdict.to < verdict.from) return { changed: madeLate !== undefined, decisions };
      this.#protect(autoscaler);
      const change = autoscaler.changeFor(verdict, nowMs());
      const outcome: ScaleOutcome | undefined = change && (await this.#fleet.scale(autoscaler, change));
      note(autoscaler.record(verdict, outcome, nowMs()));
      return { changed: outcome?.kind === "scaled" || madeLate !== undefined, decisions };
    } catch (cause) {
      metrics.reconcileFailed();
      logger.error({ autoscaler: autoscaler.key, err: cause }, "autoscaler could not be decided");
      return nothingDone;
    } finally {
      autoscaler.acting = false;
    }
  }

  /** Not waited for: it is no part of the decision, and the next observation says what went wrong. */
  #protect(autoscaler: Autoscaler): void {
    const { busy } = autoscaler;
    if (busy !== undefined && mayProtect(autoscaler)) void this.#fleet.protect(autoscaler, busy);
  }

  /** Nobody protects the replicas any more: their autoscaler only watches now, is refused, has lost the target, or is gone. */
  #letGo(autoscalers: readonly Autoscaler[]): void {
    if (this.#deps.fleet.protect === undefined || !this.#mayAct) return;
    const nowMs = this.#deps.nowMs();
    const kept = new Set(autoscalers.filter(mayProtect).map(({ target }) => targetKey(target)));
    for (const autoscaler of autoscalers) {
      const key = targetKey(autoscaler.target);
      // Under the operator before this one it may have protected some.
      const isNew = !this.#met.has(autoscaler);
      if (isNew || kept.has(key)) this.#keepers.set(key, { autoscaler, atMs: nowMs });
      this.#met.add(autoscaler);
    }
    for (const [key, { autoscaler, atMs }] of this.#keepers) {
      if (kept.has(key)) continue;
      if (nowMs - atMs > lettingGoMs) this.#keepers.delete(key);
      else void this.#fleet.protect(autoscaler, []);
    }
  }

  #floorOf(
    { resource }: Autoscaler,
    { floors }: Look,
  ): { floor: number } | { floorProblem: string } | undefined {
    const expression = resource.spec.floor?.promql;
    if (expression === undefined) return undefined;
    const floor = floors?.values.get(expression);
    if (floor !== undefined) return { floor };
    if (!this.#sources.hasFloors)
      return { floorProblem: "no Prometheus is configured; give the operator its address" };
    return {
      floorProblem: floors?.problems.get(expression) ?? this.#sources.problemOf("floors") ?? "no answer",
    };
  }

  /**
   * Tells of one autoscaler as soon as it has acted, and says whether its count was changed: an operator that dies, or loses
   * the lease, while others still act has told what it did. A follower has nothing to tell.
   */
  #reportOf(all: readonly Autoscaler[]): (autoscaler: Autoscaler, done: Done) => boolean {
    const { journal, nowMs } = this.#deps;
    const users = usersOfQueues(all);
    const sourceProblems = (["broker", "workers"] as const).flatMap((source) => {
      const problem = this.#sources.problemOf(source);
      return problem === undefined ? [] : [`${source}: ${problem}`];
    });
    return (autoscaler, { decisions, changed }) => {
      if (!this.#mayAct) return changed;
      const sharedWith = autoscaler.queues
        .flatMap(({ ref }) => users.get(ref.key) ?? [])
        .filter((key) => key !== autoscaler.key);
      autoscaler.updateConditions({ sharedWith: [...new Set(sharedWith)], sourceProblems }, nowMs());
      const entry = {
        resource: autoscaler.resource,
        view: viewOf(autoscaler),
        saved: autoscaler.save(decisionsSaved),
      };
      if (decisions.length === 0) journal?.report(entry);
      for (const decision of decisions) journal?.report({ ...entry, decision });
      return changed;
    };
  }
}

function mayProtect({ resource, refusal, owner }: Autoscaler): boolean {
  return resource.spec.mode === "Active" && refusal === undefined && owner === undefined;
}

/** By queue: those that make replicas for it. One in DryRun makes none. */
function usersOfQueues(autoscalers: readonly Autoscaler[]): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { queues, key, resource } of autoscalers) {
    if (resource.spec.mode === "DryRun") continue;
    for (const { ref } of queues) {
      const known = users.get(ref.key);
      if (known === undefined) users.set(ref.key, [key]);
      else known.push(key);
    }
  }
  return users;
}

function hasJobs(autoscaler: Autoscaler, broker: Taken<BrokerSample> | undefined): boolean {
  return autoscaler.queues.some(({ ref }) => (broker?.sample.queues.get(ref.key)?.ready ?? 0) > 0);
}
