import { inject } from "vitest";

/** A broker that the operator knows by name and nothing answers for, until a test listens at its ports. */
export type SpareBroker = {
  readonly name: string;
  readonly amqpPort: number;
  readonly managementPort: number;
};

/** One for each proof that takes a broker away, so that they run side by side. */
export const spareBrokerNames = [
  "spare-hold",
  "spare-static",
  "spare-at-least",
  "spare-at-most",
  "spare-from-zero",
  "spare-no-fallback",
  "spare-metrics",
  "spare-restarted",
  "spare-dead",
] as const;
export type SpareBrokerName = (typeof spareBrokerNames)[number];

/** In the operator's namespace: the login of the broker `rotated`, wrong at first. */
export const rotatedSecret = "login-rotated";

/** What all proofs share. */
export type Stage = {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Address at which pods reach this machine's servers. */
  readonly host: string;
  readonly amqpPort: number;
  readonly managementPort: number;
  readonly login: { readonly username: string; readonly password: string };
  readonly spareBrokers: readonly SpareBroker[];
  /** Where the operator asks for Prometheus; nothing listens there until a test does. */
  readonly prometheusPort: number;
};

export type OperatorFacts = {
  /** The namespace of its release. */
  readonly operatorNamespace: string;
  /** The image of its pods, which has Node and amqplib for consumers. */
  readonly image: string;
};

declare module "vitest" {
  export interface ProvidedContext {
    stage: Stage & OperatorFacts;
  }
}

export const stage = (): Stage & OperatorFacts => inject("stage");

export const spareBroker = (name: SpareBrokerName): SpareBroker => {
  const found = stage().spareBrokers.find((broker) => broker.name === name);
  if (found === undefined) throw new Error(`${name} is not among the spare brokers`);
  return found;
};
