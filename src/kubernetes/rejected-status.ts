import type { WorkerAutoscalerStatus } from "../resource/worker-autoscaler-status.ts";
import type { RejectedAutoscaler } from "./autoscaler-source.ts";
import { recordOf } from "./saved-status.ts";
import { conditionsIn } from "./status-document.ts";

/** Reason of the condition Ready, and of the Event. */
export const invalidResource = "InvalidResource";

/** The status of an object that cannot be read: what it was, and Ready is False; undefined when it says so already. */
export function rejectedStatus(
  { generation, because }: RejectedAutoscaler,
  stored: unknown,
  nowMs: number,
): WorkerAutoscalerStatus | undefined {
  const conditions = conditionsIn(stored);
  const before = conditions.find(({ type }) => type === "Ready");
  if (
    before?.reason === invalidResource &&
    before.message === because &&
    before.observedGeneration === generation
  )
    return undefined;
  const ready = {
    type: "Ready",
    status: "False",
    observedGeneration: generation,
    lastTransitionTime:
      before?.status === "False" ? before.lastTransitionTime : new Date(nowMs).toISOString(),
    reason: invalidResource,
    message: because,
  } as const;
  return {
    ...recordOf(stored),
    observedGeneration: generation,
    conditions: [...conditions.filter(({ type }) => type !== "Ready"), ready],
  };
}
