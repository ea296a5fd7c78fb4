import type { LeaseRecord, LeaseRecords } from "../../src/kubernetes/lease-records.ts";

/** "lost": nothing arrives. "unanswered": a write counts, and its writer is not told. "frozen": answers are kept back until it is over. */
type Trouble = "none" | "lost" | "unanswered" | "frozen";

/** One record that several contenders share. */
export class MemoryLeaseRecords {
  record: LeaseRecord | undefined;
  writes = 0;

  /** The record as one contender reaches it, with troubles of its own. */
  view(): MemoryLeaseView {
    return new MemoryLeaseView(this);
  }
}

export class MemoryLeaseView implements LeaseRecords {
  #trouble: Trouble = "none";
  #thaw = Promise.withResolvers<void>();
  readonly #shared: MemoryLeaseRecords;

  constructor(shared: MemoryLeaseRecords) {
    this.#shared = shared;
  }

  get trouble(): Trouble {
    return this.#trouble;
  }

  set trouble(trouble: Trouble) {
    if (this.#trouble === "frozen") this.#thaw.resolve();
    if (trouble === "frozen") this.#thaw = Promise.withResolvers();
    this.#trouble = trouble;
  }

  async read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    signal.throwIfAborted();
    if (this.#trouble === "lost" || this.#trouble === "unanswered") throw new Error("no answer");
    const { record } = this.#shared;
    await this.#thawed();
    return record;
  }

  async write(
    record: Omit<LeaseRecord, "version">,
    { before, signal }: { readonly before: LeaseRecord | undefined; readonly signal: AbortSignal },
  ): Promise<LeaseRecord | "conflict"> {
    signal.throwIfAborted();
    if (this.#trouble === "lost") throw new Error("no answer");
    const shared = this.#shared;
    const isConflict = before?.version !== shared.record?.version;
    const written = { ...record, version: String(shared.writes + 1) };
    if (!isConflict) {
      shared.writes += 1;
      shared.record = written;
    }
    if (this.#trouble === "unanswered") throw new Error("no answer");
    await this.#thawed();
    return isConflict ? "conflict" : written;
  }

  async #thawed(): Promise<void> {
    if (this.#trouble === "frozen") await this.#thaw.promise;
  }
}
