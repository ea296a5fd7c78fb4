import type { ApiPath } from "./api-path.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode } from "./errors.ts";
import type { LeaseRecord, LeaseRecords } from "./lease-records.ts";

type LeaseObject = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};

const type = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };
const leases = { group: "coordination.k8s.io", version: "v1", plural: "leases" };

/** One Lease object on a cluster. Labels and annotations that others put on it stay. */
export function clusterLeaseRecords(
  client: Pick<ClusterClient, "get" | "create" | "replace">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): LeaseRecords {
  const path: ApiPath = { resource: leases, namespace, name };
  /** The object behind the latest record, whose metadata is sent back. */
  let latest: LeaseObject | undefined;
  const keep = (object: LeaseObject): LeaseRecord => {
    latest = object;
    return recordOf(object);
  };
  return {
    async read(signal) {
      try {
        return keep(await client.get<LeaseObject>(path, { signal }));
      } catch (cause) {
        if (hasCode(cause, "not-found")) return undefined;
        throw cause;
      }
    },
    async write(record, { before, signal }) {
      const spec = specOf(record);
      try {
        if (before === undefined) {
          const body = { ...type, metadata: { name, namespace }, spec };
          return keep(await client.create<LeaseObject>({ resource: leases, namespace }, body, { signal }));
        }
        const metadata = { ...latest?.metadata, name, namespace, resourceVersion: before.version };
        return keep(await client.replace<LeaseObject>(path, { ...type, metadata, spec }, { signal }));
      } catch (cause) {
        const wasDeleted = before !== undefined && hasCode(cause, "not-found");
        if (wasDeleted || hasCode(cause, "conflict")) return "conflict";
        throw cause;
      }
    },
  };
}

function recordOf({ metadata, spec = {} }: LeaseObject): LeaseRecord {
  return {
    version: metadata.resourceVersion,
    holder: spec.holderIdentity ?? "",
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1_000,
    acquiredMs: timeOf(spec.acquireTime),
    renewedMs: timeOf(spec.renewTime),
    transitions: spec.leaseTransitions ?? 0,
  };
}

function specOf(record: Omit<LeaseRecord, "version">): NonNullable<LeaseObject["spec"]> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.ceil(record.durationMs / 1_000),
    acquireTime: microTime(record.acquiredMs),
    renewTime: microTime(record.renewedMs),
    leaseTransitions: record.transitions,
  };
}

/** RFC 3339 with six digits, as the API server stores it. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

const timeOf = (text: string | undefined): number => {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? 0 : ms;
};
