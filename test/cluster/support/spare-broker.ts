import { createFaultProxy } from "../../../embedded/fault-proxy.ts";
import { spareBroker, type SpareBrokerName, stage } from "./stage-facts.ts";

/** A way to the stage's broker of which the operator alone knows, and which can be closed. */
export type ReachableBroker = {
  /** Connections end, and new ones are refused. */
  goAway(): void;
  comeBack(): void;
  stop(): Promise<void>;
};

type Ports = { readonly amqpPort: number; readonly managementPort: number };

/** Opens the named broker at the ports where the operator looks for it; by default it leads to the stage's own. */
export const spareBrokerAtHand = async (
  name: SpareBrokerName,
  target: Ports & { readonly host: string } = stage(),
): Promise<ReachableBroker> => {
  const { amqpPort, managementPort } = spareBroker(name);
  const proxies = [
    createFaultProxy({ host: target.host, port: target.amqpPort }, stage().host, amqpPort),
    createFaultProxy({ host: target.host, port: target.managementPort }, stage().host, managementPort),
  ];
  await Promise.all(proxies.map((proxy) => proxy.start()));
  return {
    goAway() {
      for (const proxy of proxies) {
        proxy.mode("refuse");
        proxy.reset();
      }
    },
    comeBack() {
      for (const proxy of proxies) proxy.mode("pass");
    },
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
};
