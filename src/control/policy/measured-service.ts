import type { QueueRead } from "../signals/lane-signals.ts";
import {
  isMeasured,
  type ServiceMemory,
  withBound,
  withBusy,
  withFinished,
} from "../signals/service-time.ts";
import { leftOf, noneUnsettled, shareOf, type UnsettledMemory, withUnsettled } from "../signals/unsettled.ts";

/** What was known of a lane at the last step. */
type InProgress = {
  readonly service: ServiceMemory;
  readonly unsettled: UnsettledMemory;
  readonly running: number;
  readonly waiting: number;
};
/** The first jobs that are measured must not be those of replicas that became ready at an unknown moment in between. */
const isSteady = ({ service, running }: InProgress, runningNow: number): boolean =>
  isMeasured(service) || running === runningNow;

type Measured = { readonly service: ServiceMemory; readonly unsettled: UnsettledMemory };

/** What the workers say of finished jobs; of queues that have none, what the broker says of settled ones. `running`: jobs in progress now. */
export const measuredService = (
  memory: InProgress,
  reads: readonly QueueRead[],
  { elapsed, running }: { readonly elapsed: number; readonly running: number },
): Measured => {
  let service = memory.service;
  let settled = 0;
  for (const { flow } of reads) {
    if (flow.finished !== undefined) service = withFinished(service, flow.finished, flow.serviceSeconds ?? 0);
    else settled += flow.settled ?? 0;
    service = withBusy(service, flow.busySeconds ?? 0);
  }
  const unsettled = withUnsettled(memory.unsettled, {
    seconds: ((memory.running + running) / 2) * elapsed,
    waited:
      memory.waiting > 0 && reads.some(({ memory: { ready } }) => ready > 0) && isSteady(memory, running),
    known: reads.every(({ flow }) => flow.finished !== undefined || flow.settled !== undefined),
    renewed: reads.every(({ flow }) => flow.renewed),
  });
  if (reads.every(({ flow }) => flow.finished !== undefined)) return { service, unsettled: noneUnsettled };
  if (settled <= 0) return { service, unsettled };
  if (!unsettled.known) return { service, unsettled: noneUnsettled };
  return withSettled({ service, unsettled }, { settled, running });
};

const withSettled = (
  { service, unsettled }: Measured,
  jobs: { readonly settled: number; readonly running: number },
): Measured => {
  const spent = isMeasured(service) ? unsettled.seconds : shareOf(unsettled, jobs);
  // Jobs waited and were settled, and nobody was seen to work: who did is not known.
  if (unsettled.waited && spent <= 0) return { service, unsettled: noneUnsettled };
  const bounded = withBound(service, jobs.settled, spent);
  const counted = unsettled.waited ? withFinished(bounded, jobs.settled, spent) : bounded;
  return { service: counted, unsettled: isMeasured(counted) ? noneUnsettled : leftOf(unsettled, spent) };
};
