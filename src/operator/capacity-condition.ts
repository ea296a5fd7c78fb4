import { missingReplicas, missingText } from "../control/rules/missing.ts";
import { no, type State, unknown, yes } from "./condition-state.ts";
import type { Facts } from "./conditions.ts";
import { sentence } from "./sentence.ts";

/** Whether replicas that were asked for are missing: refused (quota, admission), failing (image pull, crash), or without a node. */
export function capacityBlocked({ latest }: Facts): State {
  if (latest?.readings === undefined || latest.fleet.kind === "unknown")
    return unknown("NotLookedYet", "The target is not known.");
  const missing = missingReplicas(latest.readings.fleet);
  const { notice } = latest.fleet;
  const message = `${missingText(missing)}.${notice === undefined ? "" : ` ${sentence(notice)}`}`;
  if (missing.uncreated > 0) return yes("NotCreated", message);
  if (missing.failing > 0) return yes("Failing", message);
  if (missing.unplaced > 0) return yes("Unschedulable", message);
  if (latest.verdict?.limitedBy.includes("capacity")) return yes("Capacity", latest.verdict.explanation);
  return no("NotBlocked", "Replicas that were asked for exist.");
}
