import { modeOf } from "./promised-wait.ts";
import type { IndexedTrigger } from "./rabbitmq-triggers.ts";
import type { Authentication, Trigger } from "./scaled-object.ts";
import type { Notes } from "./note.ts";

/**
 * What tells one broker from another, in words, and never a password: where its host comes from. Triggers with the same
 * words are taken to be of one broker.
 */
export function brokerIdentity({ metadata, authenticationRef }: Trigger): string {
  const { host, hostFromEnv } = metadata;
  const address = host === undefined ? undefined : /^[a-z]+:\/\/(?:[^@/]*@)?([^:/?#]+)/.exec(host)?.[1];
  if (address !== undefined) return `host ${address}`;
  if (hostFromEnv !== undefined) return `the variable ${hostFromEnv} of the target`;
  if (authenticationRef !== undefined)
    return `${authenticationRef.kind ?? "TriggerAuthentication"} ${authenticationRef.name}`;
  return "no host";
}

/** Says what the operator's configuration must name: the broker, and the Secrets with its credentials. */
export function noteBroker(
  triggers: readonly IndexedTrigger[],
  {
    broker,
    identity,
    namespace,
    authentications,
    notes,
  }: {
    readonly broker: string;
    /** What the triggers have in common. */
    readonly identity: string;
    readonly namespace: string | undefined;
    readonly authentications: readonly Authentication[];
    readonly notes: Notes;
  },
): void {
  const needs = triggers.some(({ trigger }) => isHttp(trigger)) ? "" : `. ${managementToo}`;
  notes.add(
    "to-do",
    "broker",
    `"${broker}" must be named in the operator's configuration: it is what KEDA reached by ${identity}${needs}`,
  );
  const references = new Map(
    triggers.flatMap(({ trigger: { authenticationRef } }) => {
      if (authenticationRef === undefined) return [];
      const kind = authenticationRef.kind ?? "TriggerAuthentication";
      return [[`${kind} ${authenticationRef.name}`, { kind, name: authenticationRef.name }] as const];
    }),
  );
  for (const [title, { kind, name }] of references) {
    const known = authentications.find(
      ({ kind: otherKind, metadata }) =>
        otherKind === kind &&
        metadata.name === name &&
        (kind === "ClusterTriggerAuthentication" || metadata.namespace === namespace),
    );
    notes.add("to-do", title, known === undefined ? unseen : sourcesOf(known, namespace));
  }
}

/** It is known that KEDA asked the management API: by the mode, which AMQP does not have, the protocol or the address. */
function isHttp(trigger: Trigger): boolean {
  const { protocol = "auto", host = "" } = trigger.metadata;
  return (
    modeOf(trigger).mode !== "QueueLength" ||
    (protocol === "auto" ? host.startsWith("http") : protocol === "http")
  );
}

const managementToo =
  "Give its managementUrl too, and a user with the tag monitoring, also where KEDA used amqp: over AMQP alone nobody can tell which replica is busy, and without worker metrics nothing is removed";

const unseen =
  "was not given, so where its credentials come from is not known here: give it to convert beside the ScaledObject, or put user and password into a Secret that the operator mounts, and name the files at the broker in its configuration";

function sourcesOf(authentication: Authentication, namespace: string | undefined): string {
  const { spec } = authentication;
  const sources = spec.secretTargetRef.map(
    ({ parameter, name, key }) => `${parameter} is key ${key} of Secret ${name}`,
  );
  const others = Object.keys(spec).filter((key) => key !== "secretTargetRef");
  const elsewhere = others.length === 0 ? [] : [`more comes from ${others.join(", ")}`];
  const all = [...sources, ...elsewhere];
  const told = all.length === 0 ? "names no source" : all.join("; ");
  const host = hostOf(authentication, namespace);
  if (host === undefined) return `${told}. Mount it into the operator, ${nameTheFiles}`;
  return all.length === 1
    ? `${told}. ${host}`
    : `${told}. ${host}. Mount the rest into the operator, ${nameTheFiles}`;
}

const nameTheFiles =
  "and name the files at the broker in its configuration; no Secret is read through the API";

/** KEDA takes a whole URL out of a Secret, the operator its address from the configuration and its login from files. */
function hostOf({ kind, spec }: Authentication, namespace = "NAMESPACE"): string | undefined {
  const host = spec.secretTargetRef.find(({ parameter }) => parameter === "host");
  if (host === undefined) return undefined;
  // Unless KEDA was told another one, it looks for those of the whole cluster in its own.
  const from = kind === "ClusterTriggerAuthentication" ? "keda" : namespace;
  const parts =
    "host is a whole URL, such as amqp://user:password@host:5672/vhost: its scheme, host and port are amqpUrl (managementUrl where it begins with http; amqpUrl is needed too), the last part of its path is queues[].vhost";
  const read = `kubectl get secret ${host.name} -n ${from} -o go-template='{{index .data "${host.key}" | base64decode}}'`;
  const has = (wanted: string) => spec.secretTargetRef.some(({ parameter }) => parameter === wanted);
  if (has("username") && has("password")) return `${parts}. To see it: ${read}`;
  return `${parts}, and its user and password, with %XX decoded, belong into a Secret in the operator's namespace, the broker's existingSecret in the chart. To see it: ${read} ; to make that Secret: kubectl create secret generic rabbitmq -n OPERATOR-NAMESPACE --from-literal=username='USER' --from-literal=password='PASSWORD'`;
}
