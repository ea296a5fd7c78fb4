import type { QueueRead } from "../signals/lane-signals.ts";
import { type ServiceMemory, withBound, withBusy, withFinished } from "../signals/service-time.ts";
import { noneUnsettled, type UnsettledMemory, withUnsettled } from "../signals/unsettled.ts";

/** What was known of a lane at the last step. */
type InProgress = {
  readonly service: ServiceMemory;
  readonly unsettled: UnsettledMemory;
  readonly running: number;
  readonly waiting: number;
};
type Measured = { readonly service: ServiceMemory; readonly unsettled: UnsettledMemory };

/** What the workers say of finished jobs; of queues that have none, what the broker says of settled ones. */
export const measuredService = (
  memory: InProgress,
  reads: readonly QueueRead[],
  elapsed: number,
): Measured => {
  let service = memory.service;
  let settled = 0;
  for (const { flow } of reads) {
    if (flow.finished !== undefined) service = withFinished(service, flow.finished, flow.serviceSeconds ?? 0);
    else settled += flow.settled ?? 0;
    service = withBusy(service, flow.busySeconds ?? 0);
  }
  const unsettled = withUnsettled(memory.unsettled, {
    seconds: memory.running * elapsed,
    waited: memory.waiting > 0 && reads.some(({ memory: { ready } }) => ready > 0),
    known: reads.every(({ flow }) => flow.finished !== undefined || flow.settled !== undefined),
  });
  if (reads.every(({ flow }) => flow.finished !== undefined)) return { service, unsettled: noneUnsettled };
  if (settled <= 0) return { service, unsettled };
  if (!unsettled.known) return { service, unsettled: noneUnsettled };
  const bounded = withBound(service, settled, unsettled.seconds);
  return {
    service: unsettled.waited ? withFinished(bounded, settled, unsettled.seconds) : bounded,
    unsettled: noneUnsettled,
  };
};
