import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";

/** Who may use a broker. A pattern is a name, or the beginning of names with a `*` after it; absent = all. */
export type BrokerAccess = {
  readonly allowedNamespaces?: readonly string[];
  readonly allowedVhosts?: readonly string[];
};
/** By the name that `spec.broker` uses. */
export type BrokerAccessList = ReadonlyMap<string, BrokerAccess>;

/** Why nothing is decided for an autoscaler: `reason` and `message` of its Ready condition. */
export type Refusal = { readonly reason: string; readonly message: string };

/** Undefined when the autoscaler may read all of its queues. Without a list every broker, namespace and vhost is allowed. */
export function brokerRefusal(
  { metadata, spec }: WorkerAutoscaler,
  brokers: BrokerAccessList | undefined,
): Refusal | undefined {
  if (brokers === undefined) return undefined;
  const access = brokers.get(spec.broker);
  if (access === undefined) {
    return {
      reason: "BrokerUnknown",
      message: `The operator knows no broker ${spec.broker}; it knows ${listOf([...brokers.keys()])}. Correct spec.broker, or add the broker to the operator's configuration.`,
    };
  }
  if (!isAllowed(metadata.namespace, access.allowedNamespaces)) {
    return {
      reason: "BrokerNotAllowed",
      message: `Broker ${spec.broker} may not be used from namespace ${metadata.namespace}. Ask for the namespace in the broker's allowedNamespaces in the operator's configuration, or use another broker.`,
    };
  }
  const vhosts = [...new Set(spec.queues.map(({ vhost }) => vhost))];
  const refused = vhosts.filter((vhost) => !isAllowed(vhost, access.allowedVhosts));
  if (refused.length === 0) return undefined;
  return {
    reason: "BrokerNotAllowed",
    message: `Vhost ${refused.join(", ")} of broker ${spec.broker} may not be read. Ask for it in the broker's allowedVhosts in the operator's configuration, or name queues of another vhost.`,
  };
}

function isAllowed(name: string, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

const named = 10;
const listOf = (names: readonly string[]): string => {
  if (names.length === 0) return "none";
  const more = names.length - named;
  return more > 0 ? `${names.slice(0, named).join(", ")} and ${more} more` : names.join(", ");
};
