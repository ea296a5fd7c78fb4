import type { ServerResponse } from "node:http";
import type { Autoscaler } from "../operator/autoscaler.ts";
import type { OperatorFeed } from "../operator/operator-feed.ts";
import type { ChangesEvent, Series, SnapshotEvent } from "./contract.ts";
import { LiveSummaries } from "./live-summaries.ts";
import { SeriesMemory } from "./series-memory.ts";
import { frameOf, StreamHub, type StreamLimits } from "./stream-hub.ts";
import { type Moment, pointOf, secondOf } from "./summary-of.ts";

/** Something is said at least this often, so that a page knows since when it hears nothing. */
const silenceMs = 5_000;
/** A look is old when it is older than three cycles, and than this. */
const leastStaleSeconds = 30;

/** What the operator knows, second by second: recorded for the charts, and told to those who read the stream. */
export class OperatorNews {
  readonly #feed: OperatorFeed;
  readonly #series = new SeriesMemory();
  readonly #live = new LiveSummaries();
  readonly #hub: StreamHub;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #toldRole: SnapshotEvent["role"] | undefined;
  #toldNotes: readonly string[] = [];

  constructor(feed: OperatorFeed, limits: StreamLimits) {
    this.#feed = feed;
    this.#hub = new StreamHub(feed.nowMs, limits);
  }

  get isFull(): boolean {
    return this.#hub.isFull;
  }

  get readers(): number {
    return this.#hub.size;
  }

  /** How much is kept for the readers: nothing when there are none. */
  get kept(): number {
    return this.#live.size;
  }

  moment(): Moment {
    const { nowMs, cycleSeconds } = this.#feed;
    return { nowMs: nowMs(), staleAfterSeconds: Math.max(leastStaleSeconds, 3 * cycleSeconds) };
  }

  /** Sentences about the operator as a whole. */
  notes(): readonly string[] {
    if (!this.#feed.isFollower()) return this.#feed.notes();
    const leader = this.#feed.leader();
    const who = leader === undefined ? "Which one leads is not known yet." : `${leader} leads: ask that one.`;
    return [`This operator follows another and knows no autoscaler. ${who}`, ...this.#feed.notes()];
  }

  series(key: string): Series {
    return this.#series.series(key);
  }

  /** Once a second: records what was looked at, and tells what changed. */
  tick(): void {
    this.#record(this.#feed.autoscalers());
    if (this.#hub.size === 0) this.#live.forget();
    else this.#tell();
  }

  #record(autoscalers: readonly Autoscaler[]): void {
    for (const autoscaler of autoscalers) {
      const { key, latest } = autoscaler;
      if (latest === undefined || secondOf(latest.atMs) <= this.#series.lastSecond(key)) continue;
      const point = pointOf(autoscaler);
      if (point !== undefined) this.#series.record(key, point);
    }
    // One that is gone is noticed by the one that came in its place, or by its absence.
    if (this.#series.size > autoscalers.length)
      this.#series.keepOnly(new Set(autoscalers.map(({ key }) => key)));
  }

  /** Begins a stream with all that is known. */
  open(response: ServerResponse): void {
    const moment = this.moment();
    if (this.#hub.size === 0) {
      this.#noteTold();
      this.#live.begin(this.#feed.autoscalers(), moment);
    } else this.#live.update(this.#feed.autoscalers(), moment);
    const snapshot: SnapshotEvent = {
      serverTime: new Date(moment.nowMs).toISOString(),
      version: this.#feed.version,
      role: this.#role,
      notes: this.notes(),
      ...this.#live.snapshot(moment),
    };
    this.#hub.open(response, frameOf("snapshot", snapshot));
  }

  end(): void {
    this.#hub.end();
    this.#live.forget();
  }

  get #role(): SnapshotEvent["role"] {
    return this.#feed.isFollower() ? "follower" : "leader";
  }

  #tell(): void {
    const moment = this.moment();
    this.#live.update(this.#feed.autoscalers(), moment);
    const changes = this.#live.take(moment);
    const role = this.#role === this.#toldRole ? undefined : this.#role;
    const notes = this.notes().join("\n") === this.#toldNotes.join("\n") ? undefined : this.notes();
    const isNews =
      changes.changed.length + changes.removed.length > 0 || role !== undefined || notes !== undefined;
    if (!isNews && moment.nowMs - this.#toldAtMs < silenceMs) return;
    this.#noteTold();
    const event: ChangesEvent = {
      serverTime: new Date(moment.nowMs).toISOString(),
      ...changes,
      ...(role !== undefined && { role }),
      ...(notes !== undefined && { notes }),
    };
    this.#hub.send(frameOf("changes", event));
  }

  #noteTold(): void {
    this.#toldAtMs = this.#feed.nowMs();
    this.#toldRole = this.#role;
    this.#toldNotes = this.notes();
  }
}
