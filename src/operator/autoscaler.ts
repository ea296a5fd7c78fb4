import type { Readings, Spec, Verdict } from "../control/contract.ts";
import { type ControlState, durable, restore, step } from "../control/step.ts";
import { compileSchedule } from "../resource/compile-schedule.ts";
import { queuesOf, specOf } from "../resource/spec-of.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { buildReadings, type Taken } from "./build-readings.ts";
import { type Condition, conditionsOf, type Facts } from "./conditions.ts";
import { askedCount, changedCount, type CountMemory, firstCount, observeCount } from "./count-memory.ts";
import { type Decision, DecisionLog } from "./decision-log.ts";
import {
  type BrokerSample,
  type FleetObservation,
  type QueueRef,
  type ScaleOutcome,
  type TargetRef,
  targetKey,
  type WorkerSample,
} from "./ports.ts";
import type { SavedAutoscaler } from "./state-store.ts";
import { WaitWindow } from "./wait-window.ts";

/** What one cycle saw; `floor` is the value of the autoscaler's own expression. */
export type CycleInput = {
  readonly broker?: Taken<BrokerSample>;
  readonly workers?: Taken<WorkerSample>;
  readonly fleet: FleetObservation;
  readonly floor?: number;
  readonly staleAfterSeconds: number;
  readonly nowMs: number;
};

/** The latest look at an autoscaler. Without a verdict the target itself could not be observed. */
export type Latest = {
  readonly atMs: number;
  readonly fleet: FleetObservation;
  readonly spec?: Spec;
  readonly readings?: Readings;
  readonly verdict?: Verdict;
};

/** By hand a count is respected this long where the resource names no hold. */
const defaultHoldSeconds = 60;

export type AutoscalerOptions = {
  readonly saved: SavedAutoscaler | undefined;
  readonly decisionsKept: number;
  readonly nowMs: number;
};

/** One WorkerAutoscaler under control: its state from cycle to cycle, and what it decided. Does nothing outside itself. */
export class Autoscaler {
  readonly key: string;
  readonly target: TargetRef;
  readonly queues: readonly { readonly ref: QueueRef; readonly waitSeconds?: number }[];
  readonly decisions: DecisionLog;
  readonly #options: AutoscalerOptions;
  /** The count from before a restart; undefined when there was none. */
  readonly savedDesired: number | undefined;
  readonly resource: WorkerAutoscaler;
  readonly waits = new WaitWindow();
  conditions: readonly Condition[] = [];
  latest: Latest | undefined;
  /** A decision is being carried out. */
  acting = false;
  /** Cycles are numbered; the one that looked at this autoscaler last. */
  lookedAt = 0;

  readonly #schedules: readonly { readonly name: string; readonly isActive: (nowMs: number) => boolean }[];
  #control: ControlState | undefined;
  #count: CountMemory | undefined;

  constructor(resource: WorkerAutoscaler, options: AutoscalerOptions) {
    const { saved, decisionsKept, nowMs } = options;
    const { metadata, spec } = resource;
    this.resource = resource;
    this.#options = options;
    this.key = `${metadata.namespace}/${metadata.name}`;
    this.target = { ...spec.scaleTargetRef, namespace: metadata.namespace };
    this.queues = queuesOf(spec);
    this.decisions = new DecisionLog(decisionsKept, saved?.decisions);
    const savedCount = saved?.target === targetKey(this.target) ? saved.count : undefined;
    this.savedDesired = savedCount?.expected;
    this.#schedules = spec.schedules.map((schedule) => ({
      name: schedule.name,
      isActive: compileSchedule(schedule),
    }));
    this.#control = saved?.control === undefined ? undefined : restore(saved.control, nowMs);
    this.#count = savedCount;
  }

  /** The same autoscaler after its resource was edited: what it knows is kept, unless it now scales something else. */
  with(resource: WorkerAutoscaler): Autoscaler {
    if (JSON.stringify(resource) === JSON.stringify(this.resource)) return this;
    const next = new Autoscaler(resource, { ...this.#options, saved: undefined });
    for (const decision of this.decisions.all()) next.decisions.add(decision);
    if (targetKey(next.target) !== targetKey(this.target)) return next;
    next.#control = this.#control;
    next.#count = this.#count;
    next.conditions = this.conditions;
    next.latest = this.latest;
    return next;
  }

  /** At zero replicas and not paused: only the fast path sees a job coming in time. */
  get isAtZero(): boolean {
    const mayChange = this.resource.spec.mode === "Active" && this.latest?.spec?.paused === undefined;
    return this.#count?.expected === 0 && mayChange && !this.acting;
  }

  /** The count from before the restart could not be brought back: what is there now is nobody's decision. */
  forgetCount(): void {
    this.#count = undefined;
  }

  /** Looks, and asks the control step. Undefined when the target could not be observed. */
  decide(input: CycleInput): Verdict | undefined {
    const { fleet, nowMs } = input;
    if (fleet.kind === "unknown") {
      this.latest = { atMs: nowMs, fleet };
      return undefined;
    }
    this.#count = this.#observeCount(fleet.fleet.desired, nowMs);
    const spec = this.#specNow(input);
    const readings = buildReadings({
      ...input,
      fleet,
      queues: this.queues,
      slotSharing: this.resource.spec.slotSharing,
    });
    const { state, verdict } = step(spec, this.#control, readings, nowMs);
    this.#control = state;
    this.waits.add(readings.queues, nowMs);
    this.latest = { atMs: nowMs, fleet, spec, readings, verdict };
    return verdict;
  }

  /** The change to make for a verdict; undefined when there is none to make, or none is allowed. */
  changeFor(
    verdict: Verdict,
    nowMs: number,
  ): { readonly from: number; readonly to: number; readonly explanation: string } | undefined {
    const paused = this.latest?.spec?.paused;
    const isBackingOff = this.#count !== undefined && nowMs < this.#count.conflictUntilMs;
    const isAllowed = paused === undefined || paused.replicas === verdict.to;
    const mayChange = this.resource.spec.mode === "Active" && isAllowed && !isBackingOff;
    if (verdict.kind === "hold" || !mayChange) return undefined;
    return { from: verdict.from, to: verdict.to, explanation: verdict.explanation };
  }

  /** Notes what came of a verdict. Answers the decision when it is a new one. */
  record(verdict: Verdict, outcome: ScaleOutcome | undefined, nowMs: number): Decision | undefined {
    if (outcome !== undefined && this.#count !== undefined) {
      this.#count = (outcome.kind === "scaled" ? changedCount : askedCount)(this.#count, verdict.to);
    }
    const decision = {
      ...verdict,
      atMs: nowMs,
      repeated: 0,
      ...outcomeOf(verdict, outcome, this.resource.spec.mode),
    };
    return this.decisions.add(decision) === "new" ? decision : undefined;
  }

  /** Brings the conditions up to date with the latest look. */
  updateConditions(facts: Omit<Facts, "latest" | "resource" | "count">, nowMs: number): void {
    this.conditions = conditionsOf(
      { ...facts, latest: this.latest, resource: this.resource, count: this.#count },
      this.conditions,
      nowMs,
    );
  }

  save(decisionsSaved: number): SavedAutoscaler | undefined {
    if (this.#count === undefined) return undefined;
    return {
      target: targetKey(this.target),
      count: this.#count,
      decisions: this.decisions.recent(decisionsSaved),
      ...(this.#control !== undefined && { control: durable(this.#control) }),
    };
  }

  #observeCount(desired: number, nowMs: number): CountMemory {
    const holdMs = (this.resource.spec.scaleIn?.holdSeconds ?? defaultHoldSeconds) * 1_000;
    return observeCount(this.#count ?? firstCount(desired), desired, {
      min: this.resource.spec.replicas.min,
      holdMs,
      nowMs,
    });
  }

  #specNow({ nowMs, floor, staleAfterSeconds }: CycleInput): Spec {
    const expression = this.resource.spec.floor?.promql;
    const count = this.#count;
    return specOf(this.resource, {
      activeSchedules: new Set(
        this.#schedules.filter(({ isActive }) => isActive(nowMs)).map(({ name }) => name),
      ),
      staleAfterSeconds,
      hold: count?.zeroByHand === true,
      keepRaised: count !== undefined && nowMs < count.raisedUntilMs,
      ...(expression !== undefined &&
        floor !== undefined && { floor: { replicas: Math.max(0, Math.ceil(floor)), because: expression } }),
    });
  }
}

function outcomeOf(
  verdict: Verdict,
  outcome: ScaleOutcome | undefined,
  mode: WorkerAutoscaler["spec"]["mode"],
): Pick<Decision, "outcome" | "problem"> {
  if (verdict.kind === "hold") return { outcome: "held" };
  if (outcome === undefined && mode === "DryRun") return { outcome: "dry-run" };
  if (outcome === undefined)
    return { outcome: "conflict", problem: "something else keeps writing the count" };
  if (outcome.kind === "conflict")
    return { outcome: "conflict", problem: `the count is ${outcome.actual} by now` };
  return outcome.kind === "failed" ? { outcome: "failed", problem: outcome.because } : { outcome: "scaled" };
}
