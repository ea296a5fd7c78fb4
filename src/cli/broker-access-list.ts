import type { BrokerAccessList } from "../operator/broker-access.ts";
import type { BrokerOptions } from "../rabbitmq/options.ts";

/** Who may use which broker; undefined where none is configured, and nothing is then refused for its broker. */
export function brokerAccessList(brokers: readonly BrokerOptions[]): BrokerAccessList | undefined {
  if (brokers.length === 0) return undefined;
  return new Map(
    brokers.map(({ name, allowedNamespaces, allowedVhosts }) => [
      name,
      {
        ...(allowedNamespaces !== undefined && { allowedNamespaces }),
        ...(allowedVhosts !== undefined && { allowedVhosts }),
      },
    ]),
  );
}
