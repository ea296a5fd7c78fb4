import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";

/** On a cluster the generation tells; every write of a status brings the same spec again. */
export function isSameSpec(a: WorkerAutoscaler, b: WorkerAutoscaler): boolean {
  if (a.spec === b.spec) return true;
  const { generation } = a.metadata;
  if (generation !== undefined && generation === b.metadata.generation) return true;
  return JSON.stringify(a.spec) === JSON.stringify(b.spec);
}
