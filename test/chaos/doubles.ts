import { Consumer } from "../../kit/src/amqp/consumer.ts";
import { createPublisher, type Publisher, type PublisherOptions } from "../../kit/src/amqp/publisher.ts";
import { REAL_PARTS, type WorkerParts } from "../../kit/src/worker/assemble-worker.ts";

/** A publisher as one writes it without confirms: its promise resolves on write. */
export const createUnconfirmedPublisher = (options: PublisherOptions): Publisher => {
  const real = createPublisher(options);
  return {
    get state() {
      return real.state;
    },
    start: () => real.start(),
    stop: () => real.stop(),
    ready: (signal) => real.ready(signal),
    idle: () => real.idle(),
    onState: (listener) => real.onState(listener),
    renew: (because) => real.renew(because),
    publish(message) {
      void real.publish(message);
      return Promise.resolve({ kind: "confirmed" });
    },
  };
};

/**
 * A worker's parts with one of them changed: acknowledge first, then run. The handler starts only after the broker has
 * answered on the same channel, so that it has the ack for sure: the fault shows every time, not by luck.
 */
const ackFirst: WorkerParts = {
  ...REAL_PARTS,
  createConsumer(options) {
    const consumer: Consumer = new Consumer({
      ...options,
      subscriptions: options.subscriptions.map((subscription) => ({
        ...subscription,
        onDelivery(delivery) {
          const { body, properties, redelivered, deliveryCount, lost } = delivery;
          delivery.ack();
          const settled = {
            body,
            properties,
            redelivered,
            deliveryCount,
            lost,
            ack: () => true,
            requeue: () => true,
          };
          void consumer.session?.channel
            .checkQueue(subscription.queue)
            .then(() => subscription.onDelivery(settled));
        },
      })),
    });
    return consumer;
  },
};

/** What a chaos worker is made of, by name. */
export const workerParts: Readonly<Record<"real" | "ack-first", WorkerParts>> = {
  real: REAL_PARTS,
  "ack-first": ackFirst,
};
