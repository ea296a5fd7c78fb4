import { parseResource } from "../resource/parse-resource.ts";
import { brokerIdentity, noteBroker } from "./broker-of.ts";
import { type Note, Notes } from "./note.ts";
import { convertOtherTriggers } from "./other-triggers.ts";
import { convertPause } from "./pause-annotations.ts";
import type { Knowledge } from "./promised-wait.ts";
import { convertQueues, type IndexedTrigger } from "./rabbitmq-triggers.ts";
import { type Authentication, type ScaledObject, unknownFields } from "./scaled-object.ts";
import { convertScalingRules } from "./scaling-rules.ts";

export type Choices = Knowledge & {
  /** The broker's name in the operator's configuration. */
  readonly broker: string;
  readonly mode: "Active" | "DryRun";
};
type Converted =
  | { readonly kind: "converted"; readonly resource: object; readonly notes: readonly Note[] }
  | { readonly kind: "refused"; readonly because: readonly string[] };

/** One ScaledObject as a WorkerAutoscaler, in the order in which people write its fields. What it answers parses. */
export function convertScaledObject(
  object: ScaledObject,
  choices: Choices,
  authentications: readonly Authentication[],
): Converted {
  const notes = new Notes();
  const triggers = object.spec.triggers.map((trigger, index) => ({
    trigger,
    field: `spec.triggers[${index}]`,
  }));
  const rabbit = triggers.filter(({ trigger }) => trigger.type === "rabbitmq");
  if (rabbit.length === 0) return refused(noQueues(triggers));
  const brokers = new Set(rabbit.map(({ trigger }) => brokerIdentity(trigger)));
  if (brokers.size > 1) return refused(severalBrokers(brokers));
  const queues = convertQueues(rabbit, choices, notes);
  if (queues.kind === "refused") return queues;
  const others = convertOtherTriggers(
    triggers.filter((one) => !rabbit.includes(one)),
    notes,
  );
  const { replicas, ...rules } = convertScalingRules(object.spec, notes);
  noteBroker(rabbit, {
    broker: choices.broker,
    identity: [...brokers].join(),
    namespace: object.metadata.namespace,
    authentications,
    notes,
  });
  for (const field of unknownFields(object.spec)) notes.add("no-equal", field, "not known here; left out");
  noteMode(choices.mode, object.metadata, notes);
  const resource = {
    apiVersion: "millrace.dev/v1alpha1",
    kind: "WorkerAutoscaler",
    metadata: metadataOf(object, notes),
    spec: {
      mode: choices.mode,
      scaleTargetRef: targetOf(object),
      broker: choices.broker,
      queues: queues.queues,
      objective: { waitSeconds: queues.waitSeconds },
      replicas,
      ...(choices.slotsPerReplica !== undefined && { slotsPerReplica: choices.slotsPerReplica }),
      ...(queues.expectedServiceSeconds !== undefined && {
        expectedServiceSeconds: queues.expectedServiceSeconds,
      }),
      ...others,
      ...rules,
    },
  };
  const parsed = parseResource(resource);
  if (parsed.kind === "invalid")
    return refused(
      ...parsed.problems.map(
        ({ path, message }) => `it would become a WorkerAutoscaler with ${path}: ${message}`,
      ),
    );
  return { kind: "converted", resource, notes: notes.list };
}

const refused = (...because: readonly string[]): Converted => ({ kind: "refused", because });

const noQueues = (triggers: readonly IndexedTrigger[]): string =>
  `no RabbitMQ trigger (it has ${[...new Set(triggers.map(({ trigger }) => trigger.type))].join(", ")}): a WorkerAutoscaler keeps a promise for RabbitMQ queues; leave it to KEDA`;

const severalBrokers = (brokers: ReadonlySet<string>): string =>
  `its RabbitMQ triggers are of several brokers (${[...brokers].join("; ")}): a WorkerAutoscaler has the queues of one. Where they are one broker, give them one host; else split the workers into a Deployment for each`;

const targetOf = ({ spec: { scaleTargetRef } }: ScaledObject): object => ({
  apiVersion: scaleTargetRef.apiVersion ?? "apps/v1",
  kind: scaleTargetRef.kind ?? "Deployment",
  name: scaleTargetRef.name,
});

function metadataOf({ metadata, ...object }: ScaledObject, notes: Notes): object {
  const labels = Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([name]) => !name.startsWith("scaledobject.keda.sh/")),
  );
  const annotations = convertPause({ metadata, ...object }, notes);
  return {
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function noteMode(
  mode: Choices["mode"],
  { name, namespace = "NAMESPACE" }: ScaledObject["metadata"],
  notes: Notes,
): void {
  if (mode === "Active") return;
  notes.add(
    "to-do",
    "mode",
    `DryRun decides and changes nothing: compare first. Then set Active, and hand over with: kubectl annotate scaledobject ${name} -n ${namespace} autoscaling.keda.sh/paused=true`,
  );
}
