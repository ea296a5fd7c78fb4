import { connect } from "amqplib";
import type { FakeKubelet } from "../../support/fake-kubelet.ts";

/** Consumers that take one job each and end it when they are told to. */
export type SilentConsumers = {
  /** All but the first end their job and take no other. */
  endAllButFirst(): void;
  close(): Promise<void>;
};

/** Gives each pod of the Deployment an address of this machine, and a consumer that connects from there; resolves when each has a job. */
export const silentConsumers = async (
  kubelet: FakeKubelet,
  {
    deployment,
    amqpUrl,
    queue,
    network,
  }: {
    readonly deployment: string;
    readonly amqpUrl: string;
    readonly queue: string;
    readonly network: string;
  },
): Promise<SilentConsumers> => {
  const pods = kubelet.pods.filter((pod) => pod.startsWith(`${deployment}-`));
  const consumers = await Promise.all(
    pods.map(async (pod, index) => {
      const ip = `${network}.${index + 1}`;
      await kubelet.report(pod, { podIP: ip, podIPs: [{ ip }] });
      const socket = { localAddress: ip, noDelay: false }; // of node:net, which amqplib's types leave out
      const connection = await connect(amqpUrl, socket);
      const channel = await connection.createChannel();
      await channel.prefetch(1);
      const taken = Promise.withResolvers<void>();
      await channel.consume(queue, () => taken.resolve());
      await taken.promise;
      return { connection, channel };
    }),
  );
  return {
    endAllButFirst() {
      for (const { channel } of consumers.slice(1)) channel.ackAll();
    },
    close: async () => void (await Promise.all(consumers.map(({ connection }) => connection.close()))),
  };
};
