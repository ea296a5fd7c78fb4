import type { Logger } from "../../kit/src/logger.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { Autoscaler } from "./autoscaler.ts";
import { type BrokerAccessList, brokerRefusal } from "./broker-access.ts";
import type { CompiledOperatorOptions } from "./options.ts";
import type { Claim, Fleet, Journal } from "./ports.ts";
import { decisionsSaved, type SavedState, type StateStore } from "./state-store.ts";
import { rivalsOf } from "./target-owners.ts";

export type AutoscalerSetDeps = {
  readonly autoscalers: readonly WorkerAutoscaler[];
  readonly fleet: Fleet;
  /** Absent where the journal keeps the state, or nobody does. */
  readonly state?: StateStore;
  readonly journal?: Journal;
  readonly brokers?: BrokerAccessList;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** Changes that all autoscalers keep together, and as many holds: some 80 MB. */
const decisionsKeptInAll = 20_000;
/** What a status tells is kept however many there are. */
const leastDecisionsKept = 10;

/** The autoscalers under control, and their way to the state store and back. */
export class AutoscalerSet {
  readonly #deps: AutoscalerSetDeps;
  readonly #options: CompiledOperatorOptions;
  #resources: readonly WorkerAutoscaler[];
  #claims: readonly Claim[] = [];
  #list: readonly Autoscaler[] = [];
  #saved: SavedState = {};
  #savedAtMs = 0;
  #isRestored = false;
  #isWriting = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: AutoscalerSetDeps, options: CompiledOperatorOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#resources = deps.autoscalers;
  }

  get list(): readonly Autoscaler[] {
    return this.#list;
  }

  /** Reads the state, and gives a fleet that ended with the last operator its counts back. */
  async restore(): Promise<void> {
    const { state = {}, notice } = (await this.#deps.state?.load()) ?? {};
    if (notice !== undefined) this.#deps.logger.error({ notice }, "state could not be read");
    this.#saved = state;
    this.#savedAtMs = this.#deps.nowMs();
    this.replace(this.#resources, this.#claims);
    await Promise.all(this.#list.map((autoscaler) => this.#restoreCount(autoscaler)));
    this.#isRestored = true;
  }

  /** Takes new resources, and what those that cannot be read claim; an autoscaler that stays keeps what it knows. */
  replace(resources: readonly WorkerAutoscaler[], claims: readonly Claim[]): void {
    const earlier = new Map(this.#list.map((autoscaler) => [autoscaler.key, autoscaler]));
    this.#resources = resources;
    this.#claims = claims;
    this.#list = resources.map((resource) => {
      const { namespace, name } = resource.metadata;
      const known = earlier.get(`${namespace}/${name}`);
      return known?.update(resource) ? known : this.#created(resource, known);
    });
    const kept = this.#decisionsKept();
    for (const autoscaler of this.#list) {
      autoscaler.decisions.keep(kept);
      autoscaler.refusal = brokerRefusal(autoscaler.resource, this.#deps.brokers);
    }
    const rivals = rivalsOf(this.#list, claims);
    for (const autoscaler of this.#list) autoscaler.rival = rivals.get(autoscaler);
  }

  /** Drops what is known and begins again with what was saved, as after a restart: another operator acted in between. */
  startOver(): void {
    this.#list = [];
    this.replace(this.#resources, this.#claims);
  }

  /** One that now scales something else keeps what was decided before, and nothing else. */
  #created(resource: WorkerAutoscaler, before: Autoscaler | undefined): Autoscaler {
    const { journal, nowMs } = this.#deps;
    const { namespace, name, uid } = resource.metadata;
    const autoscaler = new Autoscaler(resource, {
      saved:
        before === undefined ? (journal?.saved(resource) ?? this.#saved[`${namespace}/${name}`]) : undefined,
      decisionsKept: this.#options.decisionsKept,
      nowMs: nowMs(),
    });
    if (before?.resource.metadata.uid === uid) {
      for (const decision of before?.decisions.all() ?? []) autoscaler.decisions.add(decision);
    }
    return autoscaler;
  }

  /** As the options say, less where there are so many autoscalers that all of it would not fit in memory. */
  #decisionsKept(): number {
    const share = Math.floor(decisionsKeptInAll / Math.max(1, this.#resources.length));
    return Math.min(this.#options.decisionsKept, Math.max(leastDecisionsKept, share));
  }

  /** Writes the state: `now`, or only when the last time is long ago. A disk that refuses or hangs is logged and tried again. */
  async save({ now }: { readonly now: boolean }): Promise<void> {
    const isDue = this.#deps.nowMs() - this.#savedAtMs >= this.#options.saveIntervalMs;
    // Before the state was read, writing would wipe it out.
    const { state } = this.#deps;
    if (state === undefined || !this.#isRestored || (!now && !isDue)) return;
    this.#savedAtMs = this.#deps.nowMs();
    this.#saving = this.#saving.then(() => this.#write(state));
    await this.#saving;
  }

  async #write(store: StateStore): Promise<void> {
    const entries = this.#list.flatMap((autoscaler) => {
      const saved = autoscaler.save(decisionsSaved);
      return saved === undefined ? [] : [[autoscaler.key, saved] as const];
    });
    try {
      await this.#saveWithin(this.#options.saveDeadlineMs, () => store.save(Object.fromEntries(entries)));
    } catch (cause) {
      this.#savedAtMs = 0;
      this.#deps.logger.error({ err: cause }, "state could not be saved");
    }
  }

  /** A disk that hangs must hold up neither the next decision nor, at the end, the drain of the workers. */
  async #saveWithin(deadlineMs: number, save: () => Promise<void>): Promise<void> {
    if (this.#isWriting) throw new Error("the last save has not ended");
    this.#isWriting = true;
    const written = save().finally(() => {
      this.#isWriting = false;
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`not on the disk in ${deadlineMs} ms`)), deadlineMs);
    try {
      await Promise.race([written, late.promise]);
    } finally {
      clearTimeout(timer);
      written.catch(() => {}); // after the deadline it has been told already
    }
  }

  async #restoreCount(autoscaler: Autoscaler): Promise<void> {
    const { fleet, logger } = this.#deps;
    const { savedDesired, target, key } = autoscaler;
    if (savedDesired === undefined || savedDesired === 0 || fleet.restore === undefined) return;
    try {
      await fleet.restore(target, savedDesired, AbortSignal.timeout(this.#options.readDeadlineMs));
    } catch (cause) {
      autoscaler.forgetCount();
      logger.error({ err: cause, autoscaler: key, replicas: savedDesired }, "count could not be restored");
    }
  }
}
