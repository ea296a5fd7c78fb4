import type { Verdict } from "../control/contract.ts";
import type { WorkerAutoscaler } from "../resource/worker-autoscaler.ts";
import type { Decision } from "./decision-log.ts";
import type { ScaleOutcome } from "./ports.ts";
import type { Owner } from "./target-owners.ts";

/** What came of a verdict; `outcome` is undefined where nothing was asked of the fleet. */
export function outcomeOf(
  verdict: Verdict,
  outcome: ScaleOutcome | undefined,
  { mode, owner }: { readonly mode: WorkerAutoscaler["spec"]["mode"]; readonly owner: Owner | undefined },
): Pick<Decision, "outcome" | "problem"> {
  if (verdict.kind === "hold") return { outcome: "held" };
  if (outcome === undefined && mode === "DryRun") return { outcome: "dry-run" };
  if (outcome === undefined && owner !== undefined)
    return { outcome: "conflict", problem: `${owner.kind} ${owner.name} scales this target` };
  if (outcome === undefined)
    return { outcome: "conflict", problem: "something else keeps writing the count" };
  if (outcome.kind === "conflict")
    return { outcome: "conflict", problem: `the count is ${outcome.actual} by now` };
  return outcome.kind === "failed" ? { outcome: "failed", problem: outcome.because } : { outcome: "scaled" };
}
