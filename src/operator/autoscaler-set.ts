import type { Logger } from "../../kit/src/logger.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { Autoscaler } from "./autoscaler.ts";
import type { CompiledOperatorOptions } from "./options.ts";
import type { Fleet } from "./ports.ts";
import type { SavedState, StateStore } from "./state-store.ts";

export type AutoscalerSetDeps = {
  readonly autoscalers: readonly WorkerAutoscaler[];
  readonly fleet: Fleet;
  readonly state: StateStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** So many of the latest changes, and as many holds, outlive a restart. */
const decisionsSaved = 10;

/** The autoscalers under control, and their way to the state store and back. */
export class AutoscalerSet {
  readonly #deps: AutoscalerSetDeps;
  readonly #options: CompiledOperatorOptions;
  #list: readonly Autoscaler[] = [];
  #saved: SavedState = {};
  #savedAtMs = 0;
  #isRestored = false;
  #isWriting = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: AutoscalerSetDeps, options: CompiledOperatorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  get list(): readonly Autoscaler[] {
    return this.#list;
  }

  /** Reads the state, and gives a fleet that ended with the last operator its counts back. */
  async restore(): Promise<void> {
    const { state, notice } = await this.#deps.state.load();
    if (notice !== undefined) this.#deps.logger.error({ notice }, "state could not be read");
    this.#saved = state;
    this.#savedAtMs = this.#deps.nowMs();
    this.replace(this.#deps.autoscalers);
    await Promise.all(this.#list.map((autoscaler) => this.#restoreCount(autoscaler)));
    this.#isRestored = true;
  }

  /** Takes new resources; an autoscaler that stays keeps what it knows. */
  replace(resources: readonly WorkerAutoscaler[]): void {
    const earlier = new Map(this.#list.map((autoscaler) => [autoscaler.key, autoscaler]));
    this.#list = resources.map((resource) => {
      const key = `${resource.metadata.namespace}/${resource.metadata.name}`;
      return (
        earlier.get(key)?.with(resource) ??
        new Autoscaler(resource, {
          saved: this.#saved[key],
          decisionsKept: this.#options.decisionsKept,
          nowMs: this.#deps.nowMs(),
        })
      );
    });
  }

  /** Writes the state: `now`, or only when the last time is long ago. A disk that refuses or hangs is logged and tried again. */
  async save({ now }: { readonly now: boolean }): Promise<void> {
    const isDue = this.#deps.nowMs() - this.#savedAtMs >= this.#options.saveIntervalMs;
    // Before the state was read, writing would wipe it out.
    if (!this.#isRestored || (!now && !isDue)) return;
    this.#savedAtMs = this.#deps.nowMs();
    this.#saving = this.#saving.then(() => this.#write());
    await this.#saving;
  }

  async #write(): Promise<void> {
    const entries = this.#list.flatMap((autoscaler) => {
      const saved = autoscaler.save(decisionsSaved);
      return saved === undefined ? [] : [[autoscaler.key, saved] as const];
    });
    try {
      await this.#saveWithin(this.#options.saveDeadlineMs, Object.fromEntries(entries));
    } catch (cause) {
      this.#savedAtMs = 0;
      this.#deps.logger.error({ err: cause }, "state could not be saved");
    }
  }

  /** A disk that hangs must hold up neither the next decision nor, at the end, the drain of the workers. */
  async #saveWithin(deadlineMs: number, state: SavedState): Promise<void> {
    if (this.#isWriting) throw new Error("the last save has not ended");
    this.#isWriting = true;
    const written = this.#deps.state.save(state).finally(() => {
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
