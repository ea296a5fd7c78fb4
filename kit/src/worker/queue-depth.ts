import type { Consumer } from "../amqp/consumer.ts";
import type { QueueMetrics } from "./metrics.ts";

export type QueueDepthOptions = {
  readonly consumer: Consumer;
  readonly everyMs: number;
  readonly queues: ReadonlyMap<string, QueueMetrics>;
};

/** Asks the broker for the ready messages of the worker's queues every so often, on the consumers' connection. */
export class QueueDepth {
  readonly #options: QueueDepthOptions;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(options: QueueDepthOptions) {
    this.#options = options;
  }

  start(): void {
    const ask = (): void => void this.#ask();
    this.#timer = setInterval(ask, this.#options.everyMs);
    this.#options.consumer.onState((state) => {
      if (state === "ready") ask();
      else this.#forget();
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const { consumer, queues } = this.#options;
    const { session } = consumer;
    if (this.#asking || session === undefined) return;
    this.#asking = true;
    try {
      for (const [queue, metrics] of queues) {
        const { messageCount } = await session.channel.checkQueue(queue);
        metrics.depth(messageCount);
      }
    } catch {
      this.#forget(); // the channel ended; the link sees it too and makes a new one
    } finally {
      this.#asking = false;
    }
  }

  #forget(): void {
    for (const metrics of this.#options.queues.values()) metrics.depth(undefined);
  }
}
