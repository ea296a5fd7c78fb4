import type { Logger } from "../../kit/src/logger.ts";
import type { Autoscaler } from "./autoscaler.ts";
import { BoundedRead } from "./bounded-read.ts";
import type { Taken } from "./build-readings.ts";
import type { OperatorMetrics, SourceName } from "./metrics.ts";
import type { CompiledOperatorOptions } from "./options.ts";
import type {
  BrokerSample,
  BrokerSource,
  FloorSample,
  FloorSource,
  PatternMatch,
  QueueRef,
  WorkerSample,
  WorkerSource,
} from "./ports.ts";
import { SourceSilences } from "./source-silences.ts";

export type SourceReaderDeps = {
  readonly broker?: BrokerSource;
  readonly workers?: WorkerSource;
  readonly floors?: FloorSource;
  readonly options: CompiledOperatorOptions;
  readonly metrics: OperatorMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** What the sources told at one time; a source that is not there, or gave no answer, is absent. */
export type Look = {
  readonly broker?: Taken<BrokerSample>;
  readonly workers?: Taken<WorkerSample>;
  readonly floors?: FloorSample;
  /** Why the workers' metrics were not read in full, or that nobody reads them. */
  readonly workersProblem?: string;
};

const noPrometheus = "no Prometheus is configured; give the operator its address";
/** Reasons that are logged at once. */
const maxReasons = 5;

/** Asks each source once for all autoscalers, each question with its deadline, and notes what the sources say is wrong. */
export class SourceReader {
  readonly #deps: SourceReaderDeps;
  readonly #broker = new BoundedRead<BrokerSample>();
  /** The question to the broker that is under way: cycles and fast looks must not take each other for a source that hangs. */
  #brokerRead: Promise<Taken<BrokerSample> | undefined> | undefined;
  readonly #workers = new BoundedRead<WorkerSample>();
  readonly #floors = new BoundedRead<FloorSample>();
  readonly #problems = new Map<SourceName, string>();
  /** What was last said of queues that a broker does not tell of although it answers. */
  #unknownBecause = "";
  /** Brokers that were asked who holds what in the last cycle; the fast path keeps asking for as many. */
  #holdersOf: ReadonlySet<string> = new Set();
  readonly #silences: SourceSilences;

  constructor(deps: SourceReaderDeps) {
    this.#deps = deps;
    this.#silences = new SourceSilences(deps.options.staleAfterSeconds);
  }

  /** Since when the broker or the workers' metrics have not been read in full, and why: a sentence each. */
  get notes(): readonly string[] {
    return this.#silences.notes(this.#deps.nowMs());
  }

  /** What is wrong with a source now; undefined when nothing is, or there is no such source. */
  problemOf(source: SourceName): string | undefined {
    return this.#problems.get(source);
  }

  get hasBroker(): boolean {
    return this.#deps.broker !== undefined;
  }

  get hasFloors(): boolean {
    return this.#deps.floors !== undefined;
  }

  /** What the autoscalers' patterns match by now. */
  match(autoscalers: readonly Autoscaler[]): ReadonlyMap<string, PatternMatch> {
    const { broker } = this.#deps;
    const patterns = autoscalers.flatMap((autoscaler) => autoscaler.patterns);
    if (patterns.length === 0 || broker?.match === undefined) return new Map();
    return broker.match([...new Map(patterns.map((pattern) => [pattern.key, pattern])).values()]);
  }

  async look(autoscalers: readonly Autoscaler[]): Promise<Look> {
    const needing = autoscalers.filter(({ needsHolders }) => needsHolders);
    this.#holdersOf = new Set(needing.map(({ resource }) => resource.spec.broker));
    const [broker, workers, floors] = await Promise.all([
      this.#readBrokerNext(autoscalers),
      this.#readWorkers(autoscalers),
      this.#readFloors(autoscalers),
    ]);
    return {
      ...(broker !== undefined && { broker }),
      ...(workers !== undefined && { workers }),
      ...(floors !== undefined && { floors }),
      ...this.#workersProblem(),
    };
  }

  #workersProblem(): Pick<Look, "workersProblem"> {
    const problem = this.#deps.workers === undefined ? noPrometheus : this.problemOf("workers");
    return problem === undefined ? {} : { workersProblem: problem };
  }

  /** The broker alone, for the fast path; undefined, and nothing is wrong, while a cycle asks it. */
  async readBroker(autoscalers: readonly Autoscaler[]): Promise<Taken<BrokerSample> | undefined> {
    return this.#brokerRead === undefined ? this.#readBroker(autoscalers) : undefined;
  }

  async #readBrokerNext(autoscalers: readonly Autoscaler[]): Promise<Taken<BrokerSample> | undefined> {
    await this.#brokerRead;
    const taken = await this.#readBroker(autoscalers);
    if (this.hasBroker) this.#silences.note("broker", this.problemOf("broker"), this.#deps.nowMs());
    if (taken !== undefined && taken.sample.problem === undefined) this.#noteUnknown(taken.sample.unknown);
    return taken;
  }

  async #readBroker(autoscalers: readonly Autoscaler[]): Promise<Taken<BrokerSample> | undefined> {
    const { broker, nowMs } = this.#deps;
    if (broker === undefined) return undefined;
    this.#brokerRead = this.#read("broker", this.#broker, (signal) =>
      broker.read(queuesOf(autoscalers), signal, { holdersOf: this.#holdersOf }),
    ).then((sample) => sample && { sample, atMs: nowMs() });
    try {
      return await this.#brokerRead;
    } finally {
      this.#brokerRead = undefined;
    }
  }

  async #readWorkers(autoscalers: readonly Autoscaler[]): Promise<Taken<WorkerSample> | undefined> {
    const { workers, nowMs } = this.#deps;
    if (workers === undefined) return undefined;
    const sample = await this.#read("workers", this.#workers, (signal) =>
      workers.read(queuesOf(autoscalers), signal),
    );
    const silence = sample?.isUnseen ? undefined : this.problemOf("workers");
    this.#silences.note("workers", silence, nowMs());
    return sample && { sample, atMs: nowMs() };
  }

  async #readFloors(autoscalers: readonly Autoscaler[]): Promise<FloorSample | undefined> {
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
    // That no worker has been seen is told, and is an answer: there may be none, or none that exports anything.
    const isRead = problem === undefined || (answer !== undefined && "isUnseen" in answer);
    metrics.sourceRead(source, { seconds, nowMs: nowMs(), ...(!isRead && { failure }) });
    this.#noteProblem(source, problem);
    return answer;
  }

  #noteUnknown(unknown: BrokerSample["unknown"] = new Map()): void {
    const because = [...new Set(unknown.values())].slice(0, maxReasons).join("; ");
    if (because === this.#unknownBecause) return;
    this.#unknownBecause = because;
    if (because !== "") this.#deps.logger.warn({ because, count: unknown.size }, "queues are unknown");
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
}

/** Each queue once, however many autoscalers name it. */
function queuesOf(autoscalers: readonly Autoscaler[]): readonly QueueRef[] {
  const byKey = new Map<string, QueueRef>();
  for (const autoscaler of autoscalers) for (const { ref } of autoscaler.queues) byKey.set(ref.key, ref);
  return [...byKey.values()];
}
