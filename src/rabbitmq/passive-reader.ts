import { type Channel, Link, plainChannel, type Session } from "../../kit/src/amqp/link.ts";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";

/** One queue's answer to a passive declare. */
export type Declaration =
  | { readonly kind: "known"; readonly atMs: number; readonly ready: number; readonly consumers: number }
  | { readonly kind: "missing" }
  /** The broker refuses to tell: no permission, or an exclusive queue of another connection. */
  | { readonly kind: "refused"; readonly because: string };

export type Declarations = {
  /** A queue without an answer is absent. */
  readonly answers: ReadonlyMap<string, Declaration>;
  /** Why there are answers missing. */
  readonly problem?: string;
};

export type PassiveReaderOptions = {
  /** With the vhost as its path. */
  readonly url: string;
  readonly logger: Logger;
  readonly nowMs: () => number;
};

/** One channel answers one declare after another: several of them keep the connection busy. */
const laneCount = 4;
/** A declare that is unanswered for so long means a dead connection. */
const stuckAfterMs = 5_000;
const notFound = 404;
const refusals: ReadonlySet<number> = new Set([403, 405]);

type Lane = { channel: Channel | undefined; busySinceMs: number | undefined };

/** Passive declares in one vhost. A queue that does not exist costs its channel, and no other queue its answer. */
export class PassiveReader implements Service {
  readonly #link: Link;
  readonly #nowMs: () => number;
  #session: Session<Channel> | undefined;
  #lanes: Lane[] = [];
  /** Reads take turns, as they share the channels. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ url, logger, nowMs }: PassiveReaderOptions) {
    this.#nowMs = nowMs;
    this.#link = new Link(
      { url, role: "queue-depths", logger },
      { open: plainChannel, setUp: () => Promise.resolve() },
    );
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  /** Never rejects. Ends at the latest when the signal is aborted, with what was answered by then. */
  async declare(queues: readonly string[], signal: AbortSignal): Promise<Declarations> {
    const before = this.#turn;
    const turn = untilAborted(before, signal).then(() => this.#declareNow(queues, signal));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #declareNow(queues: readonly string[], signal: AbortSignal): Promise<Declarations> {
    const session = await this.#link.ready(signal).catch(() => undefined); // aborted: there was none in time
    const answers = new Map<string, Declaration>();
    if (session === undefined) return { answers, problem: this.#link.problem ?? "not connected yet" };
    const lanes = this.#freeLanes(session);
    if (lanes.length === 0) return { answers, problem: "the broker does not answer" };
    const left = queues.values();
    const losses = await Promise.all(
      lanes.map((lane) => this.#run({ lane, session, left, answers }, signal)),
    );
    if (answers.size === queues.length) return { answers };
    return { answers, problem: losses.find((loss) => loss !== undefined) ?? "the broker does not answer" };
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
  async #run(work: Work, signal: AbortSignal): Promise<string | undefined> {
    for (const queue of work.left) {
      const asked = this.#declareOne(work, queue);
      const outcome = await untilAborted(asked, signal);
      if (outcome === "aborted") return "the broker did not answer in time";
      if (outcome.kind === "lost") return outcome.because;
      work.answers.set(queue, outcome);
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
  readonly answers: Map<string, Declaration>;
};
type Lost = { readonly kind: "lost"; readonly because: string };

const outcomeOf = (error: unknown): Declaration | Lost => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const because = error instanceof Error ? error.message : String(error);
  if (code === notFound) return { kind: "missing" };
  if (typeof code === "number" && refusals.has(code)) return { kind: "refused", because };
  return { kind: "lost", because };
};

const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T | "aborted"> => {
  if (signal.aborted) return "aborted";
  const { promise, resolve } = Promise.withResolvers<"aborted">();
  const onAbort = (): void => resolve("aborted");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
};
