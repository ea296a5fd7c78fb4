import type { Logger } from "../../kit/src/logger.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { BoundedRead } from "./bounded-read.ts";
import type { Taken } from "./build-readings.ts";
import type { Decision } from "./decision-log.ts";
import type { OperatorMetrics, SourceName } from "./metrics.ts";
import type { CompiledOperatorOptions } from "./options.ts";
import type {
  BrokerSample,
  BrokerSource,
  Fleet,
  FleetObservation,
  FloorSource,
  QueueRef,
  ScaleOutcome,
  WorkerSample,
  WorkerSource,
} from "./ports.ts";

export type ControlLoopDeps = {
  readonly fleet: Fleet;
  readonly broker?: BrokerSource;
  readonly workers?: WorkerSource;
  readonly floors?: FloorSource;
  readonly options: CompiledOperatorOptions;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

type Look = {
  readonly broker?: Taken<BrokerSample>;
  readonly workers?: Taken<WorkerSample>;
  readonly floors?: ReadonlyMap<string, number>;
};

/** Observe, step, act, report; once for all autoscalers, or at once for those at zero whose queue has a job. Holds no timer. */
export class ControlLoop {
  readonly #deps: ControlLoopDeps;
  readonly #broker = new BoundedRead<BrokerSample>();
  readonly #workers = new BoundedRead<WorkerSample>();
  readonly #floors = new BoundedRead<ReadonlyMap<string, number>>();
  readonly #fleets = new WeakMap<Autoscaler, BoundedRead<FleetObservation>>();
  readonly #problems = new Map<SourceName, string>();
  #lastLook: Look = {};
  #number = 0;

  constructor(deps: ControlLoopDeps) {
    this.#deps = deps;
  }

  /** Looks at all of them and acts. Resolves when every change was answered. Says whether any count was changed. */
  async cycle(autoscalers: readonly Autoscaler[]): Promise<boolean> {
    const number = ++this.#number;
    const startedMs = this.#deps.nowMs();
    const [look, fleets] = await Promise.all([this.#look(autoscalers), this.#observe(autoscalers)]);
    this.#lastLook = look;
    // One that the fast path decided on in the meantime is left to the next cycle: what was read here is older than that.
    const due = autoscalers.filter((autoscaler) => !autoscaler.acting && autoscaler.lookedAt < number);
    const changed = await Promise.all(
      due.map((autoscaler) => this.#decideAndAct(autoscaler, { look, fleet: fleets.get(autoscaler) })),
    );
    this.#report(autoscalers, startedMs);
    return changed.includes(true);
  }

  /** Looks at the queues of those at zero replicas, and decides at once for each whose queue has a job. Says whether a count was changed. */
  async fastLook(autoscalers: readonly Autoscaler[]): Promise<boolean> {
    const atZero = autoscalers.filter((autoscaler) => autoscaler.isAtZero);
    if (atZero.length === 0 || this.#deps.broker === undefined) return false;
    const broker = await this.#readBroker(atZero);
    const woken = atZero.filter((autoscaler) => autoscaler.isAtZero && hasJobs(autoscaler, broker));
    if (woken.length === 0) return false;
    const look = { ...this.#lastLook, ...(broker !== undefined && { broker }) };
    const changed = await Promise.all(woken.map((autoscaler) => this.#wake(autoscaler, look)));
    return changed.includes(true);
  }

  async #wake(autoscaler: Autoscaler, look: Look): Promise<boolean> {
    autoscaler.acting = true;
    const fleet = await this.#observeOne(autoscaler);
    const changed = await this.#decideAndAct(autoscaler, { look, fleet });
    // A cycle that began before this moment may have seen the count from before the change.
    autoscaler.lookedAt = ++this.#number;
    return changed;
  }

  async #look(autoscalers: readonly Autoscaler[]): Promise<Look> {
    const [broker, workers, floors] = await Promise.all([
      this.#readBroker(autoscalers),
      this.#readWorkers(autoscalers),
      this.#readFloors(autoscalers),
    ]);
    return {
      ...(broker !== undefined && { broker }),
      ...(workers !== undefined && { workers }),
      ...(floors !== undefined && { floors }),
    };
  }

  async #readBroker(autoscalers: readonly Autoscaler[]): Promise<Taken<BrokerSample> | undefined> {
    const { broker, nowMs } = this.#deps;
    if (broker === undefined) return undefined;
    const sample = await this.#read("broker", this.#broker, (signal) =>
      broker.read(queuesOf(autoscalers), signal),
    );
    return sample && { sample, atMs: nowMs() };
  }

  async #readWorkers(autoscalers: readonly Autoscaler[]): Promise<Taken<WorkerSample> | undefined> {
    const { workers, nowMs } = this.#deps;
    if (workers === undefined) return undefined;
    const sample = await this.#read("workers", this.#workers, (signal) =>
      workers.read(queuesOf(autoscalers), signal),
    );
    return sample && { sample, atMs: nowMs() };
  }

  async #readFloors(autoscalers: readonly Autoscaler[]): Promise<ReadonlyMap<string, number> | undefined> {
    const { floors } = this.#deps;
    const expressions = new Set(autoscalers.flatMap(({ resource }) => resource.spec.floor?.promql ?? []));
    if (floors === undefined || expressions.size === 0) return undefined;
    return this.#read("floors", this.#floors, (signal) => floors.read([...expressions], signal));
  }

  /** One answer of a source, timed; what it says is wrong is logged when it is new, and again when it is over. */
  async #read<T extends object>(
    source: SourceName,
    bounded: BoundedRead<T>,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const { options, metrics, nowMs } = this.#deps;
    const startedMs = nowMs();
    let problem: string | undefined;
    const answer = await bounded.read(ask, {
      deadlineMs: options.readDeadlineMs,
      onProblem: (because) => {
        problem = because;
      },
    });
    problem ??=
      answer !== undefined && "problem" in answer && typeof answer.problem === "string"
        ? answer.problem
        : undefined;
    const seconds = (nowMs() - startedMs) / 1_000;
    const failure = answer === undefined ? "unanswered" : "incomplete";
    metrics.sourceRead(source, { seconds, nowMs: nowMs(), ...(problem !== undefined && { failure }) });
    this.#noteProblem(source, problem);
    return answer;
  }

  #noteProblem(source: SourceName, problem: string | undefined): void {
    const before = this.#problems.get(source);
    if (problem === before) return;
    if (problem === undefined) {
      this.#problems.delete(source);
      this.#deps.logger.info({ source }, "source answers again");
    } else {
      this.#problems.set(source, problem);
      this.#deps.logger.warn({ source, problem }, "source has a problem");
    }
  }

  async #observe(autoscalers: readonly Autoscaler[]): Promise<ReadonlyMap<Autoscaler, FleetObservation>> {
    const observed = await Promise.all(
      autoscalers.map(async (autoscaler) => [autoscaler, await this.#observeOne(autoscaler)] as const),
    );
    return new Map(observed);
  }

  async #observeOne(autoscaler: Autoscaler): Promise<FleetObservation> {
    const bounded = this.#fleets.get(autoscaler) ?? new BoundedRead<FleetObservation>();
    this.#fleets.set(autoscaler, bounded);
    let because = "no answer";
    const answer = await bounded.read((signal) => this.#deps.fleet.observe(autoscaler.target, signal), {
      deadlineMs: this.#deps.options.readDeadlineMs,
      onProblem: (problem) => {
        because = problem;
      },
    });
    return answer ?? { kind: "unknown", because };
  }

  async #decideAndAct(
    autoscaler: Autoscaler,
    { look, fleet }: { readonly look: Look; readonly fleet: FleetObservation | undefined },
  ): Promise<boolean> {
    const { metrics, logger, nowMs, options } = this.#deps;
    const expression = autoscaler.resource.spec.floor?.promql;
    const floor = expression === undefined ? undefined : look.floors?.get(expression);
    autoscaler.acting = true;
    try {
      const verdict = autoscaler.decide({
        ...look,
        fleet: fleet ?? { kind: "unknown", because: "not observed" },
        ...(floor !== undefined && { floor }),
        staleAfterSeconds: options.staleAfterSeconds,
        nowMs: nowMs(),
      });
      if (verdict === undefined) return false;
      const change = autoscaler.changeFor(verdict, nowMs());
      const outcome = change && (await this.#scale(autoscaler, change));
      const decision = autoscaler.record(verdict, outcome, nowMs());
      if (decision !== undefined) metrics.decided(autoscaler, decision);
      if (decision !== undefined) logDecision(logger, autoscaler.key, decision);
      return outcome?.kind === "scaled";
    } catch (cause) {
      metrics.reconcileFailed();
      logger.error({ autoscaler: autoscaler.key, err: cause }, "autoscaler could not be decided");
      return false;
    } finally {
      autoscaler.acting = false;
    }
  }

  async #scale(
    autoscaler: Autoscaler,
    change: { from: number; to: number; explanation: string },
  ): Promise<ScaleOutcome> {
    const bounded = new BoundedRead<ScaleOutcome>();
    let because = "no answer";
    const answer = await bounded.read(
      (signal) => this.#deps.fleet.scaleTo(autoscaler.target, change, signal),
      {
        deadlineMs: this.#deps.options.readDeadlineMs,
        onProblem: (problem) => {
          because = problem;
        },
      },
    );
    return answer ?? { kind: "failed", because };
  }

  #report(autoscalers: readonly Autoscaler[], startedMs: number): void {
    const { metrics, nowMs } = this.#deps;
    const users = usersOfQueues(autoscalers);
    const sourceProblems = [...this.#problems].map(([source, problem]) => `${source}: ${problem}`);
    for (const autoscaler of autoscalers) {
      const sharedWith = autoscaler.queues
        .flatMap(({ ref }) => users.get(ref.key) ?? [])
        .filter((key) => key !== autoscaler.key);
      autoscaler.updateConditions({ sharedWith: [...new Set(sharedWith)], sourceProblems }, nowMs());
    }
    metrics.cycleEnded((nowMs() - startedMs) / 1_000);
  }
}

function queuesOf(autoscalers: readonly Autoscaler[]): readonly QueueRef[] {
  const byKey = new Map<string, QueueRef>();
  for (const autoscaler of autoscalers) for (const { ref } of autoscaler.queues) byKey.set(ref.key, ref);
  return [...byKey.values()];
}

function usersOfQueues(autoscalers: readonly Autoscaler[]): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const { queues, key } of autoscalers) {
    for (const { ref } of queues) users.set(ref.key, [...(users.get(ref.key) ?? []), key]);
  }
  return users;
}

function hasJobs(autoscaler: Autoscaler, broker: Taken<BrokerSample> | undefined): boolean {
  return autoscaler.queues.some(({ ref }) => (broker?.sample.queues.get(ref.key)?.ready ?? 0) > 0);
}

function logDecision(logger: Logger, autoscaler: string, decision: Decision): void {
  const { from, to, reason, limitedBy, explanation, problem } = decision;
  const fields = {
    autoscaler,
    from,
    to,
    reason,
    limitedBy,
    explanation,
    ...(problem !== undefined && { problem }),
  };
  switch (decision.outcome) {
    case "scaled":
      return logger.info(fields, "scaled workers");
    case "dry-run":
      return logger.info(fields, "would scale workers");
    case "conflict":
    case "failed":
      return logger.warn(fields, "could not scale workers");
    case "held":
      return logger.debug(fields, "kept the count");
  }
}
