import type { ConsumeMessage } from "amqplib";
import type { Service } from "../service.ts";
import { type Channel, Link, type LinkOptions, type LinkState, plainChannel, type Session } from "./link.ts";

/** A message that a consumer holds until it is settled, once. */
export type Delivery = {
  readonly body: Buffer;
  readonly properties: {
    readonly messageId?: unknown;
    readonly type?: unknown;
    readonly timestamp?: unknown;
    readonly replyTo?: unknown;
    readonly headers: Readonly<Record<string, unknown>>;
  };
  readonly redelivered: boolean;
  /** Failed deliveries before this one, as the broker counts them on a quorum queue; undefined on others. */
  readonly deliveryCount: number | undefined;
  /** Aborted once the channel that delivered it has ended: the broker will deliver it again, to someone. */
  readonly lost: AbortSignal;
  /** Done with. False when it was settled before or is lost; a true is no proof that the broker has seen it. */
  ack(): boolean;
  /** Back to the queue. False as for ack. */
  requeue(): boolean;
};

export type Subscription = {
  readonly queue: string;
  /** Deliveries held unsettled at most. */
  readonly prefetch: number;
  /** Must not throw. */
  readonly onDelivery: (delivery: Delivery) => void;
};

export type ConsumerOptions = {
  readonly link: LinkOptions;
  /** Declares what is consumed, each time the link is made; the signal is aborted when the link ends meanwhile. */
  readonly setUp?: (channel: Channel, signal: AbortSignal) => Promise<void>;
  readonly subscriptions: readonly Subscription[];
};

/** Consumes queues over one supervised connection. Resubscribes whenever the link, or a queue's consumer, is lost. */
export class Consumer implements Service {
  readonly #link: Link;
  readonly #subscriptions: readonly Subscription[];
  #tags: readonly string[] = [];
  #wanted = true;
  /** One change of the subscriptions at a time. */
  #change: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    this.#subscriptions = options.subscriptions;
    this.#link = new Link(options.link, {
      open: plainChannel,
      setUp: async (session) => {
        await options.setUp?.(session.channel, session.signal);
        this.#tags = [];
        if (this.#wanted) await this.#subscribe(session);
      },
    });
    // Catches a pause or resume that came while the session was being set up.
    this.#link.onState((state) => {
      if (state === "ready") void this.#adjust();
    });
  }

  get state(): LinkState {
    return this.#link.state;
  }

  /** Every subscription has a live consumer at the broker. */
  get attached(): boolean {
    return this.#link.session !== undefined && this.#tags.length === this.#subscriptions.length;
  }

  onState(listener: (state: LinkState) => void): () => void {
    return this.#link.onState(listener);
  }

  async ready(signal?: AbortSignal): Promise<void> {
    await this.#link.ready(signal);
  }

  /** The ready session, for questions that belong on this connection; undefined while there is none. */
  get session(): Session<Channel> | undefined {
    return this.#link.session;
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  /** Takes no more deliveries; those held can still be settled. Resolves when the broker sends no more, or is away. */
  pause(): Promise<void> {
    this.#wanted = false;
    return this.#adjust();
  }

  resume(): Promise<void> {
    this.#wanted = true;
    return this.#adjust();
  }

  #adjust(): Promise<void> {
    this.#change = this.#change.then(async () => {
      const session = this.#link.session;
      if (session === undefined) return; // the next set-up does what is wanted
      try {
        if (this.#wanted && this.#tags.length === 0) await this.#subscribe(session);
        if (!this.#wanted) await this.#unsubscribe(session);
      } catch (error) {
        session.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    return this.#change;
  }

  async #subscribe(session: Session<Channel>): Promise<void> {
    const tags: string[] = [];
    for (const { queue, prefetch, onDelivery } of this.#subscriptions) {
      await session.channel.prefetch(prefetch);
      const { consumerTag } = await session.channel.consume(queue, (message) => {
        if (message === null) session.fail(new Error(`the broker cancelled the consumer of ${queue}`));
        else onDelivery(deliveryOf(session, message));
      });
      tags.push(consumerTag);
    }
    this.#tags = tags;
  }

  async #unsubscribe(session: Session<Channel>): Promise<void> {
    const tags = this.#tags;
    this.#tags = [];
    for (const tag of tags) await session.channel.cancel(tag);
  }
}

function deliveryOf(session: Session<Channel>, message: ConsumeMessage): Delivery {
  let settled = false;
  const settle = (act: () => void): boolean => {
    // Settling twice, or on another channel, makes the broker close the channel under all other jobs.
    if (settled || session.signal.aborted) return false;
    settled = true;
    try {
      act();
      return true;
    } catch (error) {
      session.fail(error instanceof Error ? error : new Error(String(error)));
      return false; // the channel closed just now: the broker delivers it again
    }
  };
  const { messageId, type, timestamp, replyTo } = message.properties;
  const headers: Readonly<Record<string, unknown>> = message.properties.headers ?? {};
  const count = headers["x-delivery-count"];
  return {
    body: message.content,
    properties: { messageId, type, timestamp, replyTo, headers },
    redelivered: message.fields.redelivered,
    deliveryCount: typeof count === "number" ? count : undefined,
    lost: session.signal,
    ack: () => settle(() => session.channel.ack(message)),
    requeue: () => settle(() => session.channel.nack(message, false, true)),
  };
}
