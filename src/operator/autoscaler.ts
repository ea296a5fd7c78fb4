import type { Spec, Verdict } from "../control/contract.ts";
import { type ControlState, durable, restore, step } from "../control/step.ts";
import { compileSchedule } from "../resource/compile-schedule.ts";
import { pauseOf } from "../resource/pause.ts";
import { specOf } from "../resource/spec-of.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Refusal } from "./broker-access.ts";
import { type Condition, conditionsOf, type Facts } from "./conditions.ts";
import {
  askedCount,
  changedCount,
  type CountMemory,
  firstCount,
  followCount,
  madeLate,
  observeCount,
  releasedCount,
} from "./count-memory.ts";
import { type Decision, DecisionLog } from "./decision-log.ts";
import { outcomeOf } from "./decision-outcome.ts";
import type { CycleInput, Latest } from "./latest.ts";
import {
  type PatternMatch,
  type QueuePattern,
  type ScaleChange,
  type ScaleOutcome,
  type TargetRef,
  targetKey,
} from "./ports.ts";
import { patternsOf, resolveQueues, type UnresolvedPattern, type WatchedQueue } from "./queue-set.ts";
import { ReplicaWatch } from "./replica-watch.ts";
import { isSameSpec } from "./same-spec.ts";
import type { SavedAutoscaler } from "./state-store.ts";
import type { Owner } from "./target-owners.ts";
import { WaitWindow } from "./wait-window.ts";

/** By hand a count is respected this long where the resource names no hold. */
const defaultHoldSeconds = 60;
/** After the first jobs the queue is looked at as often as an idle one for so long: the burst that began with them may still be coming. */
const afterWakeMs = 5_000;

type AutoscalerOptions = {
  readonly saved: SavedAutoscaler | undefined;
  readonly decisionsKept: number;
  readonly nowMs: number;
};
type Schedule = { readonly name: string; readonly isActive: (nowMs: number) => boolean };

/** One WorkerAutoscaler under control: its state from cycle to cycle, and what it decided. Does nothing outside itself. */
export class Autoscaler {
  readonly key: string;
  readonly target: TargetRef;
  readonly decisions: DecisionLog;
  /** The count from before a restart; undefined when there was none. */
  readonly savedDesired: number | undefined;
  readonly waits = new WaitWindow();
  /** Why it may not be decided at all. */
  refusal: Refusal | undefined;
  /** An older autoscaler on the same target. */
  rival: Owner | undefined;
  conditions: readonly Condition[] = [];
  latest: Latest | undefined;
  /** A decision is being carried out. */
  acting = false;
  /** Cycles are numbered; the one that looked at this autoscaler last. */
  lookedAt = 0;

  #resource: WorkerAutoscaler;
  #schedules: readonly Schedule[] = [];
  #queues: readonly WatchedQueue[] = [];
  #patterns: readonly QueuePattern[] = [];
  #unresolved: readonly UnresolvedPattern[] = [];
  #control: ControlState | undefined;
  #count: CountMemory | undefined;
  /** The count of a change that was not answered, found made in the last look. */
  #madeLate: number | undefined;
  #wasHeld = false;
  #wokenUntilMs = 0;
  #stirredUntilMs = 0;
  readonly #watch = new ReplicaWatch();

  constructor(resource: WorkerAutoscaler, { saved, decisionsKept, nowMs }: AutoscalerOptions) {
    const { metadata, spec } = resource;
    this.#resource = resource;
    this.key = `${metadata.namespace}/${metadata.name}`;
    this.target = { ...spec.scaleTargetRef, namespace: metadata.namespace };
    this.decisions = new DecisionLog(decisionsKept, saved?.decisions);
    const savedCount = saved?.target === targetKey(this.target) ? saved.count : undefined;
    this.savedDesired = savedCount?.expected;
    this.#control = saved?.control === undefined ? undefined : restore(saved.control, nowMs);
    this.#count = savedCount;
    this.#read(resource);
  }

  get resource(): WorkerAutoscaler {
    return this.#resource;
  }

  /** The named queues, and those that the patterns matched last; none while the resource is refused. */
  get queues(): readonly WatchedQueue[] {
    return this.refusal === undefined ? this.#queues : [];
  }

  get patterns(): readonly QueuePattern[] {
    return this.refusal === undefined ? this.#patterns : [];
  }

  /**
   * Takes an edited resource over: what is known is kept. Says false when it is not the same autoscaler any more, as it
   * was made anew or now scales something else.
   */
  update(resource: WorkerAutoscaler): boolean {
    const target = { ...resource.spec.scaleTargetRef, namespace: resource.metadata.namespace };
    const isSame =
      targetKey(target) === targetKey(this.target) &&
      target.apiVersion === this.target.apiVersion &&
      resource.metadata.uid === this.#resource.metadata.uid;
    if (!isSame) return false;
    const isEdited = !isSameSpec(resource, this.#resource);
    this.#resource = resource;
    if (isEdited) this.#read(resource);
    return true;
  }

  /** Takes over what the patterns match now. */
  resolve(matches: ReadonlyMap<string, PatternMatch>): void {
    const { queues, unresolved } = resolveQueues(this.#resource.spec, matches, this.#queues);
    this.#queues = queues;
    this.#unresolved = unresolved;
  }

  /** What else scales the target: one of another kind, or an older autoscaler. */
  get owner(): Owner | undefined {
    const { fleet } = this.latest ?? {};
    return (fleet?.kind === "observed" ? fleet.owner : undefined) ?? this.rival;
  }

  /** At zero replicas and allowed to change that: only the fast path sees a job coming in time. */
  get isAtZero(): boolean {
    return this.#count?.expected === 0 && this.#mayBeChanged && !this.acting;
  }

  /** Left zero a moment ago: the first count was made for the jobs that had come by then. */
  isJustWoken(nowMs: number): boolean {
    return nowMs < this.#wokenUntilMs && this.#mayBeChanged && !this.acting;
  }

  /** Has replicas, and no job waited at the last look, or the first came a moment ago. */
  isQuiet(nowMs: number): boolean {
    if (this.acting || !this.#mayBeChanged || this.#count === undefined) return false;
    const queues = this.latest?.readings?.queues ?? [];
    const isIdle = queues.length > 0 && queues.every(({ broker }) => broker?.ready === 0);
    return isIdle || nowMs < this.#stirredUntilMs;
  }

  /** The first jobs of a quiet queue were seen. */
  stir(nowMs: number): void {
    this.#stirredUntilMs = nowMs + afterWakeMs;
  }

  get #mayBeChanged(): boolean {
    const isFree = this.refusal === undefined && this.owner === undefined;
    return isFree && this.#resource.spec.mode === "Active" && this.latest?.spec?.paused === undefined;
  }

  /** The count from before the restart could not be brought back: what is there now is nobody's decision. */
  forgetCount(): void {
    this.#count = undefined;
  }

  /** Looks, and asks the control step. Undefined when nothing can be decided. */
  decide(input: CycleInput): Verdict | undefined {
    const { fleet, nowMs, floorProblem, workersProblem } = input;
    if (fleet.kind === "unknown" || this.refusal !== undefined) {
      this.latest = { atMs: nowMs, fleet };
      return undefined;
    }
    const isWatching = this.#resource.spec.mode === "DryRun" || (fleet.owner ?? this.rival) !== undefined;
    const before = this.#count;
    this.#count = this.#observeCount(fleet.fleet.desired, { isWatching, nowMs });
    this.#madeLate = madeLate(before, this.#count);
    const spec = this.#specNow(input);
    const readings = this.#watch.readings({
      ...input,
      fleet,
      broker: input.broker,
      workers: input.workers,
      queues: this.#queues,
      unresolved: this.#unresolved.map(({ key }) => key),
      spec: this.#resource.spec,
    });
    const { state, verdict } = step(spec, this.#control, readings, nowMs);
    this.#control = state;
    this.waits.add(readings.queues, nowMs);
    const { unknown, oldestAgeSeconds } = input.broker?.sample ?? {};
    this.latest = {
      atMs: nowMs,
      fleet,
      spec,
      readings,
      verdict,
      ...(unknown !== undefined && { unknown }),
      ...(oldestAgeSeconds !== undefined && { oldestAgeSeconds }),
      ...(floorProblem !== undefined && { floorProblem }),
      ...(workersProblem !== undefined && { workersProblem }),
    };
    return verdict;
  }

  get needsHolders(): boolean {
    return this.refusal === undefined && this.#watch.needsHolders;
  }

  /** Replicas at work on long jobs; undefined while they are not known one by one. */
  get busy(): readonly string[] | undefined {
    return this.#watch.busy;
  }

  /** The change to make for a verdict; undefined when there is none to make, or none is allowed. */
  changeFor({ kind, from, to, explanation }: Verdict, nowMs: number): ScaleChange | undefined {
    const paused = this.latest?.spec?.paused;
    const isBackingOff = this.#count !== undefined && nowMs < this.#count.conflictUntilMs;
    const isAllowed = paused === undefined || paused.replicas === to;
    const isOurs = this.#resource.spec.mode === "Active" && this.owner === undefined;
    if (kind === "hold" || !isOurs || !isAllowed || isBackingOff) return undefined;
    const victims = this.#watch.latestIdle(from - to);
    return { from, to, explanation, ...(victims.length > 0 && { victims }) };
  }

  /** Notes what came of a verdict. Answers the decision when it is a new one. */
  record(verdict: Verdict, outcome: ScaleOutcome | undefined, nowMs: number): Decision | undefined {
    // The fleet may have removed fewer than it was asked to.
    const to = (outcome?.kind === "scaled" ? outcome.to : undefined) ?? verdict.to;
    if (outcome !== undefined && this.#count !== undefined) {
      this.#count = (outcome.kind === "scaled" ? changedCount : askedCount)(this.#count, to);
    }
    if (outcome?.kind === "scaled" && verdict.from === 0) this.#wokenUntilMs = nowMs + afterWakeMs;
    const decision = {
      ...verdict,
      to,
      atMs: nowMs,
      bounds: this.#resource.spec.replicas,
      repeated: 0,
      ...outcomeOf(verdict, outcome, { mode: this.#resource.spec.mode, owner: this.owner }),
    };
    return this.decisions.add(decision) === "new" ? decision : undefined;
  }

  /** Notes a change that failed for want of an answer and was made all the same. Answers it as the decision that it was. */
  recordMadeLate(nowMs: number): Decision | undefined {
    const { lastChange } = this.decisions;
    if (lastChange?.outcome !== "failed" || lastChange.to !== this.#madeLate) return undefined;
    if (lastChange.from === 0) this.#wokenUntilMs = nowMs + afterWakeMs;
    const { problem: _answered, ...change } = lastChange;
    const decision: Decision = { ...change, outcome: "scaled", atMs: nowMs, repeated: 0 };
    this.decisions.add(decision);
    return decision;
  }

  /** Brings the conditions up to date with the latest look. */
  updateConditions(facts: Pick<Facts, "sharedWith" | "sourceProblems">, nowMs: number): void {
    const { latest, refusal, owner, resource } = this;
    const own = { latest, refusal, owner, resource, count: this.#count, unresolved: this.#unresolved };
    this.conditions = conditionsOf({ ...facts, ...own }, this.conditions, nowMs);
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

  #read({ spec }: WorkerAutoscaler): void {
    this.#schedules = spec.schedules.map((schedule) => ({
      name: schedule.name,
      isActive: compileSchedule(schedule),
    }));
    this.#patterns = patternsOf(spec).map(({ pattern }) => pattern);
    this.resolve(new Map());
  }

  /** Where the operator only watches, or a pause leaves the count to people, whoever sets it may: no edit by hand, no conflict. */
  #observeCount(
    desired: number,
    { isWatching, nowMs }: { readonly isWatching: boolean; readonly nowMs: number },
  ): CountMemory {
    const memory = this.#count ?? firstCount(desired);
    const { paused, scaleIn: isInPaused } = pauseOf(this.#resource.metadata.annotations);
    const isHeld = paused !== undefined || isInPaused;
    const isReleased = this.#wasHeld && !isHeld;
    this.#wasHeld = isHeld;
    const isLeftToPeople = paused !== undefined && paused.replicas === undefined;
    if (isWatching || isLeftToPeople) return followCount(memory, desired);
    const { scaleIn, replicas } = this.#resource.spec;
    const holdSeconds = scaleIn?.holdSeconds ?? defaultHoldSeconds;
    // Jobs that began while a person held the count must be seen before it falls.
    const holdMs = Math.max(holdSeconds, this.#control?.lateness.seconds ?? 0) * 1_000;
    const held = isReleased ? releasedCount(memory, { holdMs, nowMs }) : memory;
    return observeCount(held, desired, { min: replicas.min, holdMs, nowMs });
  }

  #specNow({ floor, staleAfterSeconds, nowMs }: CycleInput): Spec {
    const count = this.#count;
    const expression = this.#resource.spec.floor?.promql;
    return specOf(this.#resource, {
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
