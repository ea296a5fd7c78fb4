import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type ChannelModel, connect, type ConfirmChannel } from "amqplib";

export type PublishOptions = {
  /** Body of job `index`; default {}. `ms`: how long the foreign consumer works for it. */
  readonly body?: (index: number) => { readonly ms?: number };
  /** Between two jobs; default none. */
  readonly everyMs?: number;
  /** Ends the publishing early, as the publisher's end does. */
  readonly signal?: AbortSignal;
};

/** When the first job was sent and when the broker had confirmed the last. */
export type Published = { readonly ids: readonly string[]; readonly firstSentAtMs: number };

/** Submits jobs as foreign applications do, each confirmed by the broker. */
export class Publisher {
  readonly ids: string[] = [];
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #closing = new AbortController();

  private constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async connect(amqpUrl: string): Promise<Publisher> {
    const connection = await connect(amqpUrl);
    connection.on("error", () => {}); // told by the rejected publish
    return new Publisher(connection, await connection.createConfirmChannel());
  }

  async declare(...queues: readonly string[]): Promise<void> {
    for (const queue of queues) await this.#channel.assertQueue(queue, { durable: true });
  }

  async consumers(queue: string): Promise<number> {
    return (await this.#channel.checkQueue(queue)).consumerCount;
  }

  async purge(queue: string): Promise<void> {
    await this.#channel.purgeQueue(queue);
  }

  async publish(queue: string, count: number, options: PublishOptions = {}): Promise<Published> {
    const { body = () => ({}), everyMs = 0 } = options;
    const ends = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(ends);
    const firstSentAtMs = Date.now();
    const ids: string[] = [];
    const confirms: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      if (signal.aborted) break;
      const id = randomUUID();
      const confirm = this.#confirmed(queue, id, JSON.stringify(body(index)));
      confirm.catch(() => {}); // awaited below, with the others
      confirms.push(confirm);
      ids.push(id);
      if (everyMs > 0) await delay(everyMs, undefined, { signal }).catch(() => {});
    }
    await Promise.all(confirms);
    this.ids.push(...ids);
    return { ids, firstSentAtMs };
  }

  #confirmed(queue: string, id: string, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#channel.sendToQueue(queue, Buffer.from(body), { messageId: id, persistent: true }, (error) =>
        error === null || this.#closing.signal.aborted
          ? resolve()
          : reject(new Error(`job ${id} was not confirmed`, { cause: error })),
      );
    });
  }

  /** Holds one message at a time for so long, and acknowledges it. */
  async consumeSlowly(queue: string, serviceMs: number): Promise<void> {
    const channel = await this.#connection.createChannel();
    await channel.prefetch(1);
    await channel.consume(queue, (message) => {
      const settle = (): void => {
        if (message !== null && !this.#closing.signal.aborted) channel.ack(message);
      };
      setTimeout(settle, serviceMs).unref();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection.close().catch(() => {}); // the broker may have closed it already
  }
}
