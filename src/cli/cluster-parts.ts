import type { Registry } from "prom-client";
import type { Logger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import { type AutoscalerSourceOptions, createAutoscalerSource } from "../kubernetes/autoscaler-source.ts";
import type { ClusterAccess } from "../kubernetes/cluster-access.ts";
import { createClusterClient } from "../kubernetes/cluster-client.ts";
import { clusterLeaseRecords } from "../kubernetes/cluster-lease-records.ts";
import { JournalWriter } from "../kubernetes/journal-writer.ts";
import { createKubernetesFleet } from "../kubernetes/kubernetes-fleet.ts";
import { KubernetesLease } from "../kubernetes/kubernetes-lease.ts";
import { createKubernetesMetrics } from "../kubernetes/metrics.ts";
import { StatusJournal } from "../kubernetes/status-journal.ts";
import type { Fleet, Journal, Lease, Standing } from "../operator/ports.ts";
import type { KubernetesSettings } from "./kubernetes-settings.ts";

export type ClusterPartsOptions = {
  readonly access: ClusterAccess;
  readonly settings: KubernetesSettings;
  readonly staleAfterSeconds: number;
  readonly identity: string;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly onAutoscalers: AutoscalerSourceOptions["onChange"];
};

export type ClusterParts = {
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly lease: Lease | undefined;
  readonly standing: Standing;
  /** In the order of their start. */
  readonly services: readonly Service[];
};

/** Everything of an operator that talks to the API server, on one client. */
export function createClusterParts(options: ClusterPartsOptions): ClusterParts {
  const { access, settings, staleAfterSeconds, identity, registry, logger, nowMs } = options;
  const { namespaces, protectBusyPods } = settings;
  const client = createClusterClient(access, { userAgent: `millrace-operator (${identity})` });
  const scope = { client, logger, ...(namespaces !== undefined && { namespaces }) };
  const fleet = createKubernetesFleet({ ...scope, registry, staleAfterSeconds, protectBusyPods });
  const source = createAutoscalerSource({
    ...scope,
    onChange(autoscalers, claims) {
      journal.keepOnly(autoscalers);
      options.onAutoscalers(autoscalers, claims);
    },
  });
  const lease =
    settings.lease &&
    new KubernetesLease({
      records: clusterLeaseRecords(client, { namespace: access.namespace, ...settings.lease }),
      identity,
      logger,
      monotonicMs: () => performance.now(),
      nowMs,
    });
  const writer = new JournalWriter({ client, identity, logger });
  const journal = new StatusJournal({
    writer,
    stored: (key) => source.storedStatus(key),
    rejected: () => source.rejected,
    ...(lease !== undefined && { lease }),
    logger,
    nowMs,
  });
  createKubernetesMetrics(registry, {
    leaseTransitions: () => lease?.transitions ?? 0,
    openConnections: () => client.openConnections(),
    rejected: () => source.rejected.length,
  });
  const standing = {
    get notReadyBecause() {
      return source.blockedBecause ?? lease?.blockedBecause;
    },
    get notes() {
      return writer.refusals;
    },
  };
  const connections = { start: async () => {}, stop: async () => client.close() };
  // The lease is given back after the journal has written its last, which only the holder may.
  const services = [connections, fleet, source, ...(lease === undefined ? [] : [lease]), journal];
  return { fleet, journal, lease, standing, services };
}
