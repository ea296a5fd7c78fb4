import { missingReplicas } from "../control/rules/missing.ts";
import type { Latest } from "./latest.ts";
import { sentence } from "./sentence.ts";

/**
 * What people should know of the target although it can be scaled, such as pods that cannot be chosen; undefined when there
 * is nothing, or replicas are missing: then the condition CapacityBlocked tells it.
 */
export function fleetNotice(latest: Latest | undefined): string | undefined {
  if (latest?.fleet.kind !== "observed" || latest.fleet.notice === undefined) return undefined;
  const { uncreated, failing, unplaced } = missingReplicas(latest.fleet.fleet);
  return uncreated + failing + unplaced > 0 ? undefined : sentence(latest.fleet.notice);
}
