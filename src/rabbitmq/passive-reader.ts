import type { Channel, Session } from "../../kit/src/amqp/link.ts";
import type { Service } from "../../kit/src/service.ts";
import { within } from "../credentials/within.ts";
import { RenewedLink, type RenewedLinkOptions } from "./renewed-link.ts";

/** One queue's answer to a passive declare. */
export type Declaration =
  | { readonly kind: "known"; readonly atMs: number; readonly ready: number; readonly consumers: number }
  | { readonly kind: "missing" }
  /** The broker refuses to tell: no permission, or an exclusive queue of another connection. */
  | { readonly kind: "refused"; readonly because: string };

/** What a round of declares told of the broker; each queue's answer was handed over as it came. */
export type Round = {
  /** Why there are answers missing; an Error where the connection is to blame. */
  readonly problem?: Error | "silent";
};

export type Questions = {
  readonly queues: readonly string[];
  readonly onAnswer: (queue: string, answer: Declaration) => void;
};

/** One channel answers one declare after another: several of them keep the connection busy. */
const laneCount = 4;
/** A declare that is unanswered for so long means a dead connection. */
const stuckAfterMs = 5_000;
/** A round ends by then, with or without all answers. */
const roundDeadlineMs = 4_000;
const notFound = 404;
const refusals: ReadonlySet<number> = new Set([403, 405]);

type Lane = { channel: Channel | undefined; busySinceMs: number | undefined };

/** Passive declares in one vhost, one round at a time. A queue that does not exist costs its channel, and no other queue its answer. */
export class PassiveReader implements Service {
  readonly #link: RenewedLink;
  readonly #nowMs: () => number;
  readonly #stop = new AbortController();
  #session: Session<Channel> | undefined;
  #lanes: Lane[] = [];

  constructor(options: RenewedLinkOptions) {
    this.#nowMs = options.nowMs;
    this.#link = new RenewedLink(options);
  }

  /** Why there is no connection, or none with the newest credentials. */
  get failure(): Error | undefined {
    return this.#link.failure;
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#link.stop();
  }

  /** Never rejects. Not to be called while a round is under way. */
  async ask({ queues, onAnswer }: Questions): Promise<Round> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(roundDeadlineMs)]);
    const session = await this.#link.session(signal).catch(() => undefined); // aborted: there was none in time
    if (session === undefined) return { problem: this.#link.failure ?? "silent" };
    const lanes = this.#freeLanes(session);
    if (lanes.length === 0) return { problem: "silent" };
    const work = { session, left: queues.values(), onAnswer };
    const losses = await Promise.all(lanes.map((lane) => this.#run({ ...work, lane }, signal)));
    const problem = losses.find((loss) => loss !== undefined);
    return problem === undefined ? {} : { problem };
  }

  /** Lanes that wait for no answer; none when the connection is given up. */
  #freeLanes(session: Session<Channel>): readonly Lane[] {
    if (session !== this.#session) {
      this.#session = session;
      this.#lanes = Array.from({ length: laneCount }, () => ({
        channel: undefined,
        busySinceMs: undefined,
      }));
    }
    const nowMs = this.#nowMs();
    if (this.#lanes.some(({ busySinceMs }) => nowMs - (busySinceMs ?? nowMs) > stuckAfterMs)) {
      session.fail(new Error("no answer to a passive declare"));
      return [];
    }
    return this.#lanes.filter(({ busySinceMs }) => busySinceMs === undefined);
  }

  /** Declares what is left, one after another; resolves with why it stopped before the end. */
  async #run(work: Work, signal: AbortSignal): Promise<Error | "silent" | undefined> {
    for (const queue of work.left) {
      const outcome = await within(this.#declareOne(work, queue), signal);
      if (outcome === "aborted") return "silent";
      if (outcome.kind === "lost") return outcome.because;
      work.onAnswer(queue, outcome);
    }
    return undefined;
  }

  /** The lane stays busy until its answer comes, also after the caller has given up. */
  async #declareOne({ lane, session }: Work, queue: string): Promise<Declaration | Lost> {
    lane.busySinceMs = this.#nowMs();
    try {
      lane.channel ??= await this.#openChannel(lane, session);
      const { messageCount, consumerCount } = await lane.channel.checkQueue(queue);
      return { kind: "known", atMs: this.#nowMs(), ready: messageCount, consumers: consumerCount };
    } catch (error) {
      return outcomeOf(error);
    } finally {
      lane.busySinceMs = undefined;
    }
  }

  async #openChannel(lane: Lane, session: Session<Channel>): Promise<Channel> {
    const channel = await session.openChannel();
    channel.once("close", () => {
      // also after a declare that failed: each failure ends its channel
      if (lane.channel === channel) lane.channel = undefined;
    });
    return channel;
  }
}

type Work = {
  readonly lane: Lane;
  readonly session: Session<Channel>;
  /** Shared by all lanes: each takes the next one. */
  readonly left: Iterator<string> & Iterable<string>;
  readonly onAnswer: Questions["onAnswer"];
};
type Lost = { readonly kind: "lost"; readonly because: Error };

const outcomeOf = (error: unknown): Declaration | Lost => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const because = error instanceof Error ? error : new Error(String(error));
  if (code === notFound) return { kind: "missing" };
  if (typeof code === "number" && refusals.has(code)) return { kind: "refused", because: because.message };
  return { kind: "lost", because };
};
