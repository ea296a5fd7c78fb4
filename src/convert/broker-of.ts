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
  notes.add(
    "to-do",
    "broker",
    `"${broker}" must be named in the operator's configuration: it is what KEDA reached by ${identity}`,
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
    notes.add("to-do", title, known === undefined ? unseen : sourcesOf(known));
  }
}

const unseen =
  "was not given: mount what it takes the credentials from into the operator, and name it at the broker in its configuration";

function sourcesOf({ spec }: Authentication): string {
  const sources = spec.secretTargetRef.map(
    ({ parameter, name, key }) => `${parameter} is key ${key} of Secret ${name}`,
  );
  const others = Object.keys(spec).filter((key) => key !== "secretTargetRef");
  const elsewhere = others.length === 0 ? [] : [`more comes from ${others.join(", ")}`];
  const all = [...sources, ...elsewhere];
  const told = all.length === 0 ? "names no source" : all.join("; ");
  return `${told}. Mount it into the operator, and name the files at the broker in its configuration; no Secret is read through the API`;
}
