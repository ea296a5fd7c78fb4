import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { Journal, JournalEntry, Lease, SavedAutoscaler } from "../operator/ports.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import { isBad } from "./bad-condition.ts";
import { camelCase, type Occurrence, type Regarded } from "./event-document.ts";
import type { RejectedAutoscaler } from "./autoscaler-source.ts";
import type { JournalWriter } from "./journal-writer.ts";
import { RateBudget } from "./rate-budget.ts";
import { invalidResource, rejectedStatus } from "./rejected-status.ts";
import { savedOf } from "./saved-status.ts";
import { changedConditions, isWorthWriting, settleMs, type Written, writtenOf } from "./status-changes.ts";
import { conditionsIn, statusDocument } from "./status-document.ts";

export type StatusJournalDeps = {
  readonly writer: JournalWriter;
  /** `status` as the cluster has it; `key` is `namespace/name`. */
  readonly stored: (key: string) => unknown;
  /** Objects that cannot be read: their status says why. */
  readonly rejected: () => readonly RejectedAutoscaler[];
  /** Only the holder writes; absent: always. */
  readonly lease?: Pick<Lease, "isHeld">;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** What is remembered of an object between two reports. */
type Known = {
  readonly uid: unknown;
  written: Written;
  conditions: ReturnType<typeof conditionsIn>;
  /** Since when a condition differs from what was written; undefined while none does. */
  changedSinceMs: number | undefined;
  /** Since when a condition is bad, by type; once it was told of: -Infinity. */
  readonly badSinceMs: Map<string, number>;
  readonly events: RateBudget;
};

const told = Number.NEGATIVE_INFINITY;
const eventBurst = 20;
const eventRefillMs = 10_000;
/** On stop, what waits is written within this. */
const drainMs = 3_000;
const rejectedEveryMs = 2_000;

/**
 * The account of each autoscaler on the cluster: its status, and an Event for every change of the count and for every
 * condition that turned bad. Durable state is part of the status, so the next leader goes on from what people can read.
 */
export class StatusJournal implements Journal, Service {
  readonly #deps: StatusJournalDeps;
  readonly #known = new Map<string, Known>();
  /** The rejected objects that were told of, by uid and generation; as many as there are. */
  #toldOf: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: StatusJournalDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#tellRejected(), rejectedEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#deps.writer.drain(drainMs);
    this.#known.clear();
  }

  saved(resource: WorkerAutoscaler): SavedAutoscaler | undefined {
    const key = keyOf(resource);
    // Whoever asks begins anew: what another leader wrote in the meantime counts, not what this one remembers.
    this.#known.delete(key);
    return savedOf(this.#deps.stored(key));
  }

  report(entry: JournalEntry): void {
    const { writer, lease, nowMs } = this.#deps;
    if (lease?.isHeld === false) return writer.clear();
    const atMs = nowMs();
    const known = this.#knownOf(entry.resource, atMs);
    const changed = changedConditions(entry, known.written);
    known.changedSinceMs = changed.length === 0 ? undefined : (known.changedSinceMs ?? atMs);
    const changedForMs = known.changedSinceMs === undefined ? -1 : atMs - known.changedSinceMs;
    this.#tellChange(entry, known);
    this.#tellConditions(entry, known);
    if (!isWorthWriting(entry, known.written, { changedForMs, nowMs: atMs })) return;
    const status = statusDocument(entry, known.conditions);
    known.written = writtenOf(status, atMs);
    known.conditions = status.conditions ?? [];
    known.changedSinceMs = undefined;
    writer.putStatus(regarded(entry.resource), status);
  }

  /** Forgets the objects that are no longer there. */
  keepOnly(resources: readonly WorkerAutoscaler[]): void {
    const keys = new Set(resources.map(keyOf));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  #tellRejected(): void {
    const { writer, stored, rejected, lease, nowMs } = this.#deps;
    if (lease?.isHeld === false) return;
    const told = new Set<string>();
    for (const object of rejected()) {
      const id = `${object.uid} ${object.generation}`;
      told.add(id);
      const status = rejectedStatus(object, stored(`${object.namespace}/${object.name}`), nowMs());
      if (status === undefined) continue;
      writer.putStatus(object, status);
      const occurrence = { type: "Warning", action: "Ready", note: object.because, atMs: nowMs() } as const;
      if (!this.#toldOf.has(id)) writer.putEvent(object, { ...occurrence, reason: invalidResource });
    }
    this.#toldOf = told;
  }

  #knownOf(resource: WorkerAutoscaler, atMs: number): Known {
    const key = keyOf(resource);
    const { uid } = resource.metadata;
    const known = this.#known.get(key);
    if (known !== undefined && known.uid === uid) return known;
    const stored = this.#deps.stored(key);
    const created: Known = {
      uid,
      written: writtenOf(stored, atMs),
      conditions: conditionsIn(stored),
      changedSinceMs: undefined,
      badSinceMs: new Map(
        conditionsIn(stored)
          .filter(isBad)
          .map(({ type }) => [type, told]),
      ),
      events: new RateBudget({ burst: eventBurst, refillMs: eventRefillMs, nowMs: atMs }),
    };
    this.#known.set(key, created);
    return created;
  }

  #tellChange({ resource, decision }: JournalEntry, { events }: Known): void {
    if (decision?.outcome !== "scaled") return;
    const { reason, explanation: note, atMs } = decision;
    this.#tell(resource, events, { type: "Normal", reason: camelCase(reason), action: "Scale", note, atMs });
  }

  /** Each once, when it has been bad for long enough to be news. */
  #tellConditions({ resource, view }: JournalEntry, { badSinceMs, events }: Known): void {
    const atMs = this.#deps.nowMs();
    for (const { type, status, reason, message } of view.status.conditions) {
      const sinceMs = badSinceMs.get(type) ?? atMs;
      if (!isBad({ type, status })) badSinceMs.delete(type);
      else if (sinceMs === told || atMs - sinceMs < settleMs) badSinceMs.set(type, sinceMs);
      else {
        badSinceMs.set(type, told);
        // A pause is what a person asked for.
        const kind = type === "Paused" ? "Normal" : "Warning";
        this.#tell(resource, events, { type: kind, reason, action: type, note: message, atMs });
      }
    }
  }

  #tell(resource: WorkerAutoscaler, budget: RateBudget, occurrence: Occurrence): void {
    if (budget.take(this.#deps.nowMs())) this.#deps.writer.putEvent(regarded(resource), occurrence);
  }
}

const keyOf = ({ metadata }: WorkerAutoscaler): string => `${metadata.namespace}/${metadata.name}`;

const regarded = ({ metadata: { namespace, name, uid } }: WorkerAutoscaler): Regarded => ({
  namespace,
  name,
  uid: typeof uid === "string" ? uid : undefined,
});
