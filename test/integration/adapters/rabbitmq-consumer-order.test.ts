import { connect, type ConsumeMessage } from "amqplib";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshVhost } from "../../support/fresh-vhost.ts";

/** `settle` resolves when the queue has seen it. */
type Delivery = { readonly consumer: string; readonly settle: () => Promise<void> };

/** Three consumers with a prefetch of 1 on one queue. */
async function threeConsumers(type: "classic" | "quorum") {
  const vhost = await freshVhost();
  onTestFinished(() => vhost.remove());
  const connection = await connect(vhost.amqpUrl());
  onTestFinished(() => connection.close());
  const publisher = await connection.createConfirmChannel();
  await publisher.assertQueue("jobs", { durable: true, arguments: { "x-queue-type": type } });
  const come: ((delivery: Delivery) => void)[] = [];
  for (const consumer of ["a", "b", "c"]) {
    const channel = await connection.createChannel();
    await channel.prefetch(1);
    await channel.consume("jobs", (message: ConsumeMessage | null) => {
      const settle = async () => {
        if (message !== null) channel.ack(message);
        await channel.checkQueue("jobs");
      };
      come.shift()?.({ consumer, settle });
    });
  }
  const next = async (): Promise<Delivery> => {
    const delivery = new Promise<Delivery>((resolve) => come.push(resolve));
    publisher.sendToQueue("jobs", Buffer.from("{}"));
    return delivery;
  };
  return { next };
}

/** Gives each of the three a job, settles them in an order, and tells who gets the next three; several times over. */
async function turns(type: "classic" | "quorum", orders: readonly string[]): Promise<readonly string[]> {
  const { next } = await threeConsumers(type);
  const busy = new Map<string, Delivery>();
  const nextThree = async (): Promise<string> => {
    busy.clear();
    for (let count = 0; count < 3; count++) {
      const delivery = await next();
      busy.set(delivery.consumer, delivery);
    }
    return [...busy.keys()].join("");
  };
  const result = [await nextThree()];
  for (const order of orders) {
    for (const consumer of order) await busy.get(consumer)?.settle();
    result.push(await nextThree());
  }
  return result;
}

// So of those that are idle, the ones that became so last are the right ones to remove.
describe("the next job goes to the consumer", () => {
  const orders = ["cab", "bca", "acb", "bac", "cba"];

  test("that has had room for longest, in a quorum queue", async () => {
    expect((await turns("quorum", orders)).slice(1)).toEqual(orders);
  });

  test("that was given its last one longest ago, in a classic queue", async () => {
    const [first, ...later] = await turns("classic", orders);
    expect(later).toEqual(orders.map(() => first));
  });
});
