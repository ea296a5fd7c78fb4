import type { Service } from "../service.ts";
import {
  type ConfirmChannel,
  confirmChannel,
  Link,
  type LinkOptions,
  type LinkState,
  type Session,
} from "./link.ts";
import { PublishWindow } from "./publish-window.ts";

/** One message to publish. It is persistent and mandatory; `properties.messageId` names it for returns. */
export type OutgoingMessage = {
  /** "" is the default exchange: the routing key is a queue's name. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: {
    readonly messageId: string;
    readonly type?: string;
    readonly contentType?: string;
    readonly timestamp?: number;
    readonly replyTo?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
};

/**
 * - confirmed: a queue has it
 * - returned: no queue is bound there; it is nowhere
 * - nacked: refused, as the queue is full; it is nowhere
 * - unknown: written, but no confirm came (time-out, link lost): it may or may not be in the queue
 * - unavailable: never written, as the broker is away or blocked, or too many publishes wait already
 */
export type PublishOutcome =
  | { readonly kind: "confirmed" }
  | { readonly kind: "returned" }
  | { readonly kind: "nacked" }
  | { readonly kind: "unknown"; readonly because: string }
  | { readonly kind: "unavailable"; readonly because: "away" | "blocked" | "overloaded" };

export type PublishOptions = {
  /**
   * Tries again, with the same id, after nacked, unknown and unavailable until so long after the call. The duplicates
   * that this can make are for the consumer to absorb. Default 0: one try.
   */
  readonly deadlineMs?: number;
};

export interface Publisher extends Service {
  /** Never rejects for an outside cause; rejects when the message itself cannot be written (headers over 64 KiB). */
  publish(message: OutgoingMessage, options?: PublishOptions): Promise<PublishOutcome>;
  readonly state: LinkState;
  /** Resolves once the link is ready; rejects with the signal's reason when it is aborted first. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Resolves once no publish is in flight. */
  idle(): Promise<void>;
  onState(listener: (state: LinkState) => void): () => void;
  /** Makes the link anew, so that `setUp` declares again what somebody deleted. What is in flight becomes unknown. */
  renew(because: string): void;
}

export type PublisherOptions = {
  readonly link: LinkOptions;
  /** Declares what is published to, each time the link is made. */
  readonly setUp?: (channel: ConfirmChannel) => Promise<void>;
  /** Publishes in flight at once; later ones wait. Default 256. */
  readonly window?: number;
  /** Publishes that may wait for the window; beyond, they are unavailable. Default 10,000. */
  readonly maxWaiting?: number;
  /** Default 10,000. */
  readonly confirmTimeoutMs?: number;
  /** Between two tries of one publish. Default 100. */
  readonly retryEveryMs?: number;
};

type Flight = { returned: boolean };
/** Flights by message id, oldest first: returns come in the order of the publishes, before their confirms. */
type Flights = Map<string, Flight[]>;

/** A publisher on a confirm channel and a connection of its own: an alarm at the broker must not stop the consumers. */
export function createPublisher(options: PublisherOptions): Publisher {
  return new ConfirmedPublisher(options);
}

class ConfirmedPublisher implements Publisher {
  readonly #link: Link<ConfirmChannel>;
  readonly #window: PublishWindow;
  readonly #confirmTimeoutMs: number;
  readonly #retryEveryMs: number;
  readonly #flights = new WeakMap<Session<ConfirmChannel>, Flights>();

  constructor(options: PublisherOptions) {
    const { window = 256, maxWaiting = 10_000, confirmTimeoutMs = 10_000, retryEveryMs = 100 } = options;
    this.#window = new PublishWindow(window, maxWaiting);
    this.#confirmTimeoutMs = confirmTimeoutMs;
    this.#retryEveryMs = retryEveryMs;
    this.#link = new Link(options.link, {
      open: confirmChannel,
      setUp: async (session) => {
        const flights: Flights = new Map();
        this.#flights.set(session, flights);
        session.channel.on("return", (message) => markReturned(flights, message.properties.messageId));
        await options.setUp?.(session.channel);
      },
    });
  }

  get state(): LinkState {
    return this.#link.state;
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#link.ready(signal);
  }

  onState(listener: (state: LinkState) => void): () => void {
    return this.#link.onState(listener);
  }

  idle(): Promise<void> {
    return this.#window.idle();
  }

  renew(because: string): void {
    this.#link.session?.fail(new Error(because));
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  publish(message: OutgoingMessage, options: PublishOptions = {}): Promise<PublishOutcome> {
    const { deadlineMs = 0 } = options;
    return deadlineMs > 0
      ? this.#publishUntil(message, performance.now() + deadlineMs)
      : this.#tryOnce(message);
  }

  async #publishUntil(message: OutgoingMessage, untilMs: number): Promise<PublishOutcome> {
    let unknown: PublishOutcome | undefined;
    for (;;) {
      const outcome = await this.#tryOnce(message);
      if (outcome.kind === "confirmed") return outcome;
      if (outcome.kind === "unknown") unknown = outcome;
      const leftMs = untilMs - performance.now();
      // Once a try is unknown its copy may be in the queue, whatever a later try says.
      if (outcome.kind === "returned" || leftMs <= 0) return unknown ?? outcome;
      await this.#waitForNextTry(Math.min(leftMs, this.#retryEveryMs));
    }
  }

  async #waitForNextTry(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  #tryOnce(message: OutgoingMessage): Promise<PublishOutcome> {
    const away = this.#unavailable();
    if (away !== undefined) return Promise.resolve(away);
    const slot = this.#window.take(this.#confirmTimeoutMs);
    if (slot === true) return Promise.resolve(this.#writeOrRelease(message));
    if (slot === false) return Promise.resolve({ kind: "unavailable", because: "overloaded" });
    return slot.then((taken) =>
      taken
        ? this.#writeOrRelease(message)
        : (this.#unavailable() ?? { kind: "unavailable", because: "overloaded" }),
    );
  }

  /** In a place of the window. */
  #writeOrRelease(message: OutgoingMessage): PublishOutcome | Promise<PublishOutcome> {
    const { session } = this.#link;
    const away = this.#unavailable();
    if (session !== undefined && away === undefined) return this.#write(session, message);
    this.#window.release();
    return away ?? { kind: "unavailable", because: "away" };
  }

  #unavailable(): { readonly kind: "unavailable"; readonly because: "away" | "blocked" } | undefined {
    if (this.#link.state === "ready") return undefined;
    return { kind: "unavailable", because: this.#link.state === "blocked" ? "blocked" : "away" };
  }

  /** The window's place is held until the confirm or the end of the channel, also after the time-out. */
  #write(session: Session<ConfirmChannel>, message: OutgoingMessage): Promise<PublishOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<PublishOutcome>();
    const { messageId } = message.properties;
    const flights: Flights = this.#flights.get(session) ?? new Map<string, Flight[]>();
    const flight = addFlight(flights, messageId);
    const timer = setTimeout(
      () => resolve({ kind: "unknown", because: `no confirm within ${this.#confirmTimeoutMs} ms` }),
      this.#confirmTimeoutMs,
    );
    const settle = (outcome: PublishOutcome): void => {
      clearTimeout(timer);
      removeFlight(flights, messageId, flight);
      this.#window.release();
      resolve(outcome);
    };
    const onConfirm = (error: unknown): void => {
      if (error === null || error === undefined) settle({ kind: flight.returned ? "returned" : "confirmed" });
      else if (session.signal.aborted || !isNack(error)) settle({ kind: "unknown", because: textOf(error) });
      else settle({ kind: "nacked" });
    };
    try {
      const { properties } = message;
      session.channel.publish(
        message.exchange,
        message.routingKey,
        message.body,
        { ...properties, persistent: true, mandatory: true },
        onConfirm,
      );
    } catch (error) {
      if (!session.signal.aborted && !isClosed(error)) reject(error); // before settling: the first one counts
      settle({ kind: "unavailable", because: "away" });
    }
    return promise;
  }
}

function markReturned(flights: Flights, messageId: unknown): void {
  const flight = flights.get(String(messageId))?.find((candidate) => !candidate.returned);
  if (flight !== undefined) flight.returned = true;
}

function addFlight(flights: Flights, messageId: string): Flight {
  const flight: Flight = { returned: false };
  const same = flights.get(messageId);
  if (same === undefined) flights.set(messageId, [flight]);
  else same.push(flight);
  return flight;
}

function removeFlight(flights: Flights, messageId: string, flight: Flight): void {
  const same = flights.get(messageId) ?? [];
  if (same.length <= 1) flights.delete(messageId);
  else same.splice(same.indexOf(flight), 1);
}

/** amqplib tells a broker's nack and a lost channel apart by text only. */
function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === "message nacked";
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && error.name === "IllegalOperationError";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
