import type { QueueRef } from "../operator/ports.ts";

/** Names of the labels by which the workers' series tell queues and replicas apart. */
export type WorkerLabels = {
  /** Empty: the workers have no such label, and it is not compared. */
  readonly broker: string;
  /** Empty: as above. */
  readonly vhost: string;
  readonly queue: string;
  /** Together they name one replica. */
  readonly replica: readonly string[];
  /** The pod's name, where the series have one. */
  readonly pod: string;
};

export const kitLabels: WorkerLabels = {
  broker: "broker",
  vhost: "vhost",
  queue: "queue",
  replica: ["job", "instance"],
  pod: "pod",
};

type Labels = Readonly<Record<string, string>>;

/** Equal for a queue and for the series that tell of it. */
export const queueIdentity = (queue: QueueRef, names: WorkerLabels): string =>
  JSON.stringify([
    names.broker === "" ? "" : queue.broker,
    names.vhost === "" ? "" : queue.vhost,
    queue.name,
  ]);

export const seriesIdentity = (labels: Labels, names: WorkerLabels): string =>
  JSON.stringify([labels[names.broker] ?? "", labels[names.vhost] ?? "", labels[names.queue] ?? ""]);

export const replicaIdentity = (labels: Labels, names: WorkerLabels): string =>
  JSON.stringify(names.replica.map((name) => labels[name] ?? ""));

/** What a fleet calls the replica: the name of its pod, else the host that Prometheus scrapes it at. */
export const replicaName = (labels: Labels, names: WorkerLabels): string => {
  const pod = labels[names.pod] ?? "";
  return pod === "" ? (labels["instance"] ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1") : pod;
};
