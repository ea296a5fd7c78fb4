import { CredentialsError } from "../credentials/errors.ts";
import { explainFailure } from "../credentials/explain-failure.ts";

export type AmqpPlace = {
  readonly broker: string;
  readonly vhost: string;
  /** Host and port. */
  readonly address: string;
  /** Where the login comes from. */
  readonly origin: string;
};

/** The broker refused the login itself. */
export const isLoginRefused = (failure: Error): boolean => failure.message.includes("ACCESS-REFUSED");

/** There is no such vhost, or the login has no permissions in it. */
export const isVhostRefused = (failure: Error): boolean => failure.message.includes("ConnectionOpenOk");

/** Why a vhost cannot be read by AMQP, as a sentence with the remedy. */
export const explainAmqpFailure = (failure: Error, { broker, vhost, address, origin }: AmqpPlace): string => {
  if (failure instanceof CredentialsError) return `broker ${broker}: ${failure.message}`;
  if (isLoginRefused(failure))
    return `broker ${broker} at ${address} refused ${origin}: correct them; they are tried again by themselves`;
  if (isVhostRefused(failure))
    return (
      `vhost ${vhost} of broker ${broker} does not exist, or ${origin} has no permissions in it: correct the vhost, ` +
      `or grant them, for example with rabbitmqctl set_permissions`
    );
  const why = explainFailure(failure) ?? failure.message;
  return `broker ${broker} at ${address} (vhost ${vhost}) cannot be reached: ${why}`;
};
