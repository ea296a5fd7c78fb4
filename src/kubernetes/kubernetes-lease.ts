import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { Lease } from "../operator/ports.ts";
import type { LeaseRecord, LeaseRecords } from "./lease-records.ts";
import { pause } from "./pause.ts";

export type KubernetesLeaseDeps = {
  readonly records: LeaseRecords;
  /** Of this process and of no other, ever: a restarted pod keeps its name, so the name alone will not do. */
  readonly identity: string;
  readonly logger: Logger;
  /** Monotonic, and it goes on while the process is stopped. */
  readonly monotonicMs: () => number;
  /** Wall clock, for people who read the record; nothing is judged by it. */
  readonly nowMs: () => number;
  readonly timing?: LeaseTiming;
};

export type LeaseTiming = {
  /** A record that did not change for so long may be taken by another. */
  readonly durationMs: number;
  /** The holder stops acting when its last renewal was sent so long ago; shorter than the duration by more than a change takes. */
  readonly renewDeadlineMs: number;
  /** From one renewal to the next. */
  readonly retryMs: number;
  /** From one look of a follower to the next; and it looks when the record may be taken. */
  readonly followMs: number;
  /** A follower takes the record so long before its duration is over, and has changed what is due by the time that it is. */
  readonly aheadMs: number;
};

const usualTiming: LeaseTiming = {
  durationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
  followMs: 500,
  aheadMs: 500,
};
const requestDeadlineMs = 3_000;
/** A record that did not change for so many renewals: one that comes late is not yet a reason to prepare. */
const overdueAfterRenewals = 3;

/** A record as last seen, since when it can have been as it is, and whether it was deleted since: its holder may still act. */
type Seen = { readonly record: LeaseRecord; readonly sinceMs: number; readonly isDeleted: boolean };

/**
 * Leader election on one Lease object, by compare-and-swap.
 *
 * Two modes. Leading: `isHeld` while the last renewal was *sent* less than the renew deadline ago; another's name in the
 * record, or no renewal in time, leaves it. Following: the record is looked at; when it is free, or did not change for its duration
 * (less half a second) by this process's own clock, it is taken. Clocks of different machines are never compared.
 *
 * `start` resolves after the first try, leading or not. `stop` gives the lease back, so that a follower takes it at its next look.
 */
export class KubernetesLease implements Lease, Service {
  readonly #deps: KubernetesLeaseDeps;
  readonly #timing: LeaseTiming;
  #seen: Seen | undefined;
  /** Until then another may lead by a record that was not seen. */
  #barredUntilMs = Number.NEGATIVE_INFINITY;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  /** The record may have changed since it was seen: a write was refused, or not answered. */
  #isUnsure = true;
  #wasHeld = false;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;
  #transitions = 0;
  readonly #listeners: (() => void)[] = [];
  #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: KubernetesLeaseDeps) {
    this.#deps = deps;
    this.#timing = deps.timing ?? usualTiming;
  }

  get isHeld(): boolean {
    return this.#deps.monotonicMs() < this.#heldUntilMs;
  }

  get isOverdue(): boolean {
    const seen = this.#seen;
    if (seen === undefined || this.isHeld || seen.record.holder === "") return false;
    return this.#deps.monotonicMs() >= seen.sinceMs + overdueAfterRenewals * this.#timing.retryMs;
  }

  /** Why this process could not lead now, nor take over: no answer for as long as a lease lasts, or never one. */
  get blockedBecause(): string | undefined {
    const isRecent = this.#deps.monotonicMs() < this.#answeredMs + this.#timing.durationMs;
    return isRecent ? undefined : this.#problem;
  }

  onGained(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The identity in the record as last seen; undefined when nobody holds it, or nothing was seen yet. */
  get holder(): string | undefined {
    return this.#seen?.record.holder || undefined;
  }

  /** How often this process took the lease. */
  get transitions(): number {
    return this.#transitions;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    await this.#turn();
    this.#running = this.#repeat(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    const wasHeld = this.isHeld;
    this.#heldUntilMs = Number.NEGATIVE_INFINITY;
    this.#stopping.abort();
    await this.#running;
    // A renewal that was under way may have ended after the line above.
    this.#heldUntilMs = Number.NEGATIVE_INFINITY;
    if (wasHeld) await this.#release();
    this.#wasHeld = false;
  }

  async #repeat(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      await pause(this.#untilNextMs(), stopping);
      if (!stopping.aborted) await this.#turn();
    }
  }

  #untilNextMs(): number {
    const { retryMs, followMs } = this.#timing;
    const nowMs = this.#deps.monotonicMs();
    if (this.isHeld && !this.#isUnsure) return Math.max(0, this.#lastLookMs + retryMs - nowMs);
    const takeableMs = this.#takeableFromMs();
    const isAhead = takeableMs > this.#lastLookMs;
    const nextMs = this.#lastLookMs + followMs;
    return Math.max(0, (isAhead ? Math.min(nextMs, takeableMs) : nextMs) - nowMs);
  }

  /** One try: renew, take, or look. */
  async #turn(): Promise<void> {
    const startedMs = this.#deps.monotonicMs();
    const signal = AbortSignal.timeout(requestDeadlineMs);
    try {
      if (!this.isHeld || this.#isUnsure) await this.#look(startedMs, signal);
      if (this.#mayTake(startedMs)) await this.#take(signal);
      this.#answeredMs = startedMs;
      this.#noteProblem(undefined);
    } catch (cause) {
      this.#isUnsure = true;
      this.#noteProblem(cause instanceof Error ? cause.message : String(cause));
    }
    this.#lastLookMs = startedMs;
    this.#noteHeld();
  }

  async #look(startedMs: number, signal: AbortSignal): Promise<void> {
    const record = await this.#deps.records.read(signal);
    this.#seen = this.#seenNow(record, startedMs);
    this.#isUnsure = false;
    const isOthers = record !== undefined && record.holder !== this.#deps.identity;
    if (isOthers) this.#heldUntilMs = Number.NEGATIVE_INFINITY;
  }

  #seenNow(record: LeaseRecord | undefined, startedMs: number): Seen | undefined {
    const before = this.#seen;
    if (record === undefined) {
      if (before === undefined || before.isDeleted) return before;
      return { ...before, isDeleted: true, sinceMs: startedMs };
    }
    if (record.version === before?.record.version && !before.isDeleted) return before;
    // Changed since the last look, so not earlier than that; but a look long ago says nothing about the holder's last seconds.
    const earliestMs = Math.max(this.#lastLookMs, startedMs - this.#timing.followMs);
    return { record, isDeleted: false, sinceMs: before === undefined ? startedMs : earliestMs };
  }

  #mayTake(nowMs: number): boolean {
    if (this.#seen !== undefined) {
      const { record, isDeleted } = this.#seen;
      // Between the deletion and now another may have written, been seen by nobody, and been deleted too.
      const isOurs = record.holder === this.#deps.identity && (this.isHeld || !isDeleted);
      if (isOurs || record.holder === "") return true;
    }
    return nowMs >= this.#takeableFromMs();
  }

  /** When a record that somebody else holds, and does not change any more, may be taken. */
  #takeableFromMs(): number {
    if (this.#seen === undefined) return this.#barredUntilMs;
    const { record, sinceMs } = this.#seen;
    const { durationMs, aheadMs } = this.#timing;
    return sinceMs + Math.max(record.durationMs, durationMs) - aheadMs;
  }

  /** Writes this process into the record; a conflict means that somebody else did first. */
  async #take(signal: AbortSignal): Promise<void> {
    const { records, identity, nowMs, monotonicMs } = this.#deps;
    const sentMs = monotonicMs();
    const last = this.#seen?.record;
    const isMine = last?.holder === identity;
    const wish = {
      holder: identity,
      durationMs: this.#timing.durationMs,
      acquiredMs: isMine ? last.acquiredMs : nowMs(),
      renewedMs: nowMs(),
      transitions: (last?.transitions ?? -1) + (isMine ? 0 : 1),
    };
    const before = this.#seen?.isDeleted === true ? undefined : last;
    const record = await records.write(wish, { before, signal });
    if (record === "conflict") {
      this.#isUnsure = true;
      if (last === undefined) this.#barredUntilMs = monotonicMs() + this.#timing.durationMs;
      return;
    }
    if (!isMine) this.#transitions += 1;
    this.#seen = { record, sinceMs: sentMs, isDeleted: false };
    this.#heldUntilMs = sentMs + this.#timing.renewDeadlineMs;
  }

  async #release(): Promise<void> {
    const { records, nowMs, logger } = this.#deps;
    const before = this.#seen?.record;
    if (before === undefined) return;
    const signal = AbortSignal.timeout(requestDeadlineMs);
    const wish = { ...before, holder: "", durationMs: 1_000, renewedMs: nowMs() };
    try {
      await records.write(wish, { before, signal });
      logger.info({}, "lease given back");
    } catch (cause) {
      logger.warn({ err: cause }, "lease could not be given back; a follower takes it when it has run out");
    }
  }

  #noteHeld(): void {
    if (this.isHeld === this.#wasHeld) return;
    this.#wasHeld = this.isHeld;
    const fields = { holder: this.holder };
    if (this.#wasHeld) {
      this.#deps.logger.info(fields, "leading");
      for (const listener of this.#listeners) listener();
    } else this.#deps.logger.warn(fields, "no longer leading");
  }

  #noteProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem === undefined) this.#deps.logger.info({}, "lease answers again");
    else this.#deps.logger.warn({ problem }, "lease could not be read or renewed");
  }
}
