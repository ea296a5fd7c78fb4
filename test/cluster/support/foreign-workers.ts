import { readFileSync } from "node:fs";
import { recordQueue } from "./job-records.ts";

const script = readFileSync(new URL("../fixtures/foreign-consumer.cjs", import.meta.url), "utf8");

export type ForeignWorkerOptions = {
  readonly name?: string;
  readonly queue: string;
  readonly amqpUrl: string;
  /** What a job takes whose body does not say. Default 100. */
  readonly serviceMs?: number;
  /** Messages held; default 1. */
  readonly prefetch?: number;
  /** Of these, worked on at a time; default all. */
  readonly slots?: number;
  /** From the process's start to its first look at the queue. */
  readonly startMs?: number;
  /** The pod is Ready only after startMs. */
  readonly isReadyLate?: boolean;
  /** Takes jobs and never acknowledges. */
  readonly isStuck?: boolean;
  /** Exits at SIGTERM with its jobs in hand. */
  readonly exitsAtOnce?: boolean;
  /** Default 30. */
  readonly graceSeconds?: number;
  /** Default 0. */
  readonly replicas?: number;
  readonly image: string;
  readonly kind?: "Deployment" | "StatefulSet" | "ReplicaSet";
};

export const workerName = "worker";
export const scriptConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "foreign-consumer" },
  data: { "consumer.cjs": script },
};

const environmentOf = (options: ForeignWorkerOptions) =>
  Object.entries({
    AMQP_URL: options.amqpUrl,
    QUEUE: options.queue,
    RECORD_QUEUE: recordQueue,
    SERVICE_MS: options.serviceMs,
    PREFETCH: options.prefetch,
    SLOTS: options.slots,
    START_MS: options.startMs,
    STUCK: options.isStuck,
    DRAIN: options.exitsAtOnce === true ? false : undefined,
    NODE_PATH: "/app/node_modules",
  }).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }]));

const readinessOf = ({ isReadyLate, startMs = 0 }: ForeignWorkerOptions) =>
  isReadyLate === true
    ? {
        readinessProbe: {
          exec: { command: ["true"] },
          initialDelaySeconds: Math.ceil(startMs / 1_000),
          periodSeconds: 1,
        },
      }
    : {};

/** A Deployment (or another kind) of consumers that know nothing of this project. */
export const foreignWorkers = (options: ForeignWorkerOptions) => {
  const { name = workerName, kind = "Deployment", replicas = 0, graceSeconds = 30 } = options;
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      ...(kind === "StatefulSet" ? { serviceName: name, podManagementPolicy: "Parallel" } : {}),
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          // As process 1 of its own, Node would ignore a SIGTERM that comes before its first line has run.
          shareProcessNamespace: true,
          terminationGracePeriodSeconds: graceSeconds,
          containers: [
            {
              name: "consumer",
              image: options.image,
              imagePullPolicy: "IfNotPresent",
              command: ["node", "/consumer/consumer.cjs"],
              env: environmentOf(options),
              ...readinessOf(options),
              volumeMounts: [{ name: "consumer", mountPath: "/consumer" }],
            },
          ],
          volumes: [{ name: "consumer", configMap: { name: scriptConfigMap.metadata.name } }],
        },
      },
    },
  };
};
