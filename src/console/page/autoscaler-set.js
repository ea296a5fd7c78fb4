/**
 * @typedef {import("../contract.ts").Summary} Summary
 * @typedef {import("../contract.ts").SnapshotEvent} Snapshot
 * @typedef {import("../contract.ts").ChangesEvent} Changes
 * @typedef {Pick<Snapshot, "role" | "notes" | "version" | "total">} About
 */

/** All that the operator told last of its autoscalers, and when. */
export class AutoscalerSet {
  /** @type {Map<string, Summary>} */
  #summaries = new Map();
  /** @type {{ readonly serverMs: number, readonly hereMs: number } | undefined} */
  #told;
  #complete = false;
  /** Undefined until the first snapshot. @type {About | undefined} */
  about;

  /** @param {Snapshot} snapshot */
  replace(snapshot) {
    const { role, notes, version, total, autoscalers } = snapshot;
    this.#summaries = new Map(autoscalers.map((summary) => [summary.key, summary]));
    this.about = { role, notes, version, total };
    this.#complete = this.#summaries.size >= total;
    this.#hear(snapshot.serverTime);
  }

  /** @param {Changes} changes */
  change({ serverTime, changed, removed, role, notes }) {
    if (this.about === undefined) return;
    if (role === "follower") this.#summaries.clear();
    for (const key of removed) this.#summaries.delete(key);
    for (const summary of changed) this.#summaries.set(summary.key, summary);
    this.about = {
      ...this.about,
      ...(role !== undefined && { role }),
      ...(notes !== undefined && { notes }),
    };
    this.#complete ||= this.#summaries.size >= this.about.total;
    this.#hear(serverTime);
  }

  /** @param {string} key */
  get(key) {
    return this.#summaries.get(key);
  }

  /**
   * Whether the operator is known not to have it; a long list comes in parts.
   * @param {string} key
   */
  lacks(key) {
    return this.#complete && this.about?.role === "leader" && !this.#summaries.has(key);
  }

  all() {
    return [...this.#summaries.values()];
  }

  /** How long ago the operator was heard; undefined before the first time. */
  silenceSeconds() {
    return this.#told === undefined ? undefined : (performance.now() - this.#told.hereMs) / 1_000;
  }

  /** When the operator was last heard, by its own clock. */
  toldAtMs() {
    return this.#told?.serverMs;
  }

  /** The operator's clock now, whatever the clock of this machine says. */
  nowMs() {
    return this.#told === undefined
      ? Date.now()
      : this.#told.serverMs + performance.now() - this.#told.hereMs;
  }

  /** @param {string} serverTime */
  #hear(serverTime) {
    this.#told = { serverMs: Date.parse(serverTime), hereMs: performance.now() };
  }
}
