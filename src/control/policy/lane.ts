import type { Correction } from "../signals/correction.ts";
import type { CleanFleet, CleanQueue } from "../signals/clean-readings.ts";
import { timeOf } from "../signals/history.ts";
import {
  type Arrivals,
  type LaneMoment,
  type LaneSignals,
  newLaneSignals,
  type QueueRead,
  readQueues,
  steadyRate,
  withCorrections,
  withCountedStarts,
  withStarts,
  withTotal,
} from "../signals/lane-signals.ts";
import { rounded } from "../signals/plausible.ts";
import type { QueueMemory } from "../signals/queue-flow.ts";
import { newService, type Service, type ServiceMemory, serviceOf } from "../signals/service-time.ts";
import { newSlots, type SlotsMemory, withSlots } from "../signals/slots.ts";
import type { Startup } from "../signals/startup.ts";
import { noneUnsettled, type UnsettledMemory } from "../signals/unsettled.ts";
import { type Backlog, backlogOf, replicasAtWork } from "./backlog.ts";
import { type BreakerMemory, newBreaker, steadied, withBreaker } from "./breaker.ts";
import { withPeak } from "./feasibility.ts";
import { measuredService } from "./measured-service.ts";
import { type BudgetMemory, newBudget, withBudget } from "./price.ts";

/** Queues that share slots are one lane; with slots of their own each queue is one. */
export type LaneMemory = {
  readonly key: string;
  readonly bornAt: number;
  readonly signals: LaneSignals;
  readonly service: ServiceMemory;
  readonly unsettled: UnsettledMemory;
  /** Measured before a restart. Seconds, or null. */
  readonly rememberedService: number | null;
  readonly slots: SlotsMemory;
  readonly budget: BudgetMemory;
  readonly breaker: BreakerMemory;
  readonly peakLoad: number;
  /** Jobs seen to end since the state began. */
  readonly finished: number;
  readonly waiting: number;
  readonly running: number;
  /** When the queue was last seen empty. */
  readonly emptyAt: number;
  /** When a job was last seen to end, or none was in progress. */
  readonly endedAt: number;
};

export const newLane = (key: string, t: number): LaneMemory => ({
  key,
  bornAt: rounded(t, 1e3),
  signals: newLaneSignals(t),
  service: newService,
  unsettled: noneUnsettled,
  rememberedService: null,
  slots: newSlots,
  budget: newBudget,
  breaker: newBreaker,
  peakLoad: 0,
  finished: 0,
  waiting: 0,
  running: 0,
  emptyAt: rounded(t, 1e3),
  endedAt: rounded(t, 1e3),
});

export type LaneInput = LaneMoment & {
  readonly queues: readonly CleanQueue[];
  readonly memories: ReadonlyMap<string, QueueMemory>;
  readonly fleet: CleanFleet;
  readonly sharedSlots: boolean;
  readonly startup: Startup;
  readonly attainmentRatio: number;
  readonly slotsPerReplica: number | undefined;
  readonly expectedServiceSeconds: number | undefined;
  readonly mostPoints: number;
};

/** Everything that is known of a lane at one moment. */
export type LaneView = {
  readonly memory: LaneMemory;
  readonly reads: readonly QueueRead[];
  readonly arrivals: Arrivals;
  readonly service: Service;
  readonly slots: number;
  readonly backlog: Backlog;
  readonly waitSeconds: number;
  /** How long the oldest waiting job has waited; 0 without one. */
  readonly oldestSeconds: number;
  /** For so long jobs have waited while others were in progress and none of them ended; 0 when one did. */
  readonly stalledSeconds: number;
  /** A counter moved since the last step. */
  readonly moved: boolean;
};

const sumOf = (reads: readonly QueueRead[], of: (read: QueueRead) => number | undefined): number =>
  reads.reduce((sum, read) => sum + (of(read) ?? 0), 0);

const slotsReading = (input: LaneInput): { slots: number | undefined; reportingReplicas: number } => {
  const reporting = input.queues.map(({ workers }) => workers?.reportingReplicas ?? 0);
  return {
    slots: input.sharedSlots ? input.fleet.slots : input.queues[0]?.workers?.slots,
    reportingReplicas: Math.max(0, ...reporting),
  };
};

/**
 * Jobs start in order, so the oldest came when the total was what it is now less those that wait; not before the queue
 * was last seen empty.
 */
const oldestAge = (signals: LaneSignals, waiting: number, emptyAt: number): number => {
  const { arrivals, total } = signals;
  const now = arrivals.times.at(-1) ?? 0;
  if (waiting < 1) return 0;
  const came = timeOf(arrivals, total - waiting) ?? arrivals.times[0] ?? now;
  return Math.max(0, now - Math.max(came, emptyAt));
};

type Jobs = { readonly started: number; readonly late: number; readonly told: boolean };

const startedJobs = (reads: readonly QueueRead[], overdue: boolean): Jobs => {
  let started = 0;
  let late = 0;
  let told = true;
  for (const { flow } of reads) {
    const toldHere = flow.waited !== undefined && flow.late !== undefined;
    const count = flow.waited ?? flow.started ?? flow.settled ?? 0;
    started += count;
    late += toldHere ? Math.min(count, flow.late ?? 0) : overdue ? count : 0;
    told &&= toldHere;
  }
  return { started, late, told };
};

const counted = (reads: readonly QueueRead[]): boolean =>
  reads.every(({ memory }) => memory.workers !== null || memory.broker?.settled != null);

type Sized = {
  readonly waitSeconds: number;
  readonly prior: { readonly seconds: number; readonly remembered: number | null };
  readonly slotsMemory: SlotsMemory;
  readonly slots: number;
};

const sized = (memory: LaneMemory, input: LaneInput): Sized => {
  const waitSeconds = Math.min(...input.queues.map((queue) => queue.waitSeconds));
  const slotsMemory = withSlots(memory.slots, { ...slotsReading(input), ready: input.fleet.ready }, input.t);
  return {
    waitSeconds,
    prior: { seconds: input.expectedServiceSeconds ?? waitSeconds / 2, remembered: memory.rememberedService },
    slotsMemory,
    slots: input.slotsPerReplica ?? slotsMemory.perReplica ?? 1,
  };
};

const guessedStarts = (memory: LaneMemory, input: LaneInput, { slots, prior }: Sized): LaneSignals => {
  const waitsNow = input.queues.some(({ broker }) => broker !== undefined && broker.ready > 0);
  const service = serviceOf(memory.service, prior, memory);
  return withStarts(memory.signals, {
    t: input.t,
    elapsed: input.elapsed,
    waiting: waitsNow && memory.waiting > 0,
    capacityPerSecond: (replicasAtWork(input.queues, input.fleet) * slots) / service.seconds,
  });
};

const correctionsOf = (reads: readonly QueueRead[]): readonly Correction[] =>
  reads.flatMap(({ flow }) => flow.correction ?? []);

type Judgement = {
  readonly slots: number;
  readonly finished: number | undefined;
  readonly waiting: number;
  readonly overdue: boolean;
  readonly measured: Service;
};

const judged = (
  memory: BreakerMemory,
  { t, elapsed, queues, fleet }: LaneInput,
  of: Judgement,
): BreakerMemory =>
  withBreaker(memory, {
    t,
    elapsed,
    readySlots: replicasAtWork(queues, fleet) * of.slots,
    slotsPerReplica: of.slots,
    finished: of.finished,
    waiting: of.waiting,
    overdue: of.overdue,
    serviceSeconds: of.measured.jobs > 0 ? of.measured.seconds : undefined,
    variation: of.measured.variation,
  });

/** Reads a lane: signals first, then what they mean for its service time, backlog, error budget and breaker. */
export const readLane = (memory: LaneMemory, input: LaneInput): LaneView => {
  const { t, elapsed, fleet, queues } = input;
  const size = sized(memory, input);
  const { waitSeconds, slots } = size;
  const guessed = withCountedStarts(guessedStarts(memory, input, size), queues, input.memories);
  const reads = readQueues(guessed, queues, input.memories, input);
  const { signals, arrivals } = withTotal(
    withCorrections(guessed, correctionsOf(reads)),
    sumOf(reads, ({ flow }) => flow.arrived),
    { t, waitSeconds, startupSeconds: input.startup.p50, mostPoints: input.mostPoints },
  );
  const backlog = backlogOf(
    reads.map((read) => ({ queue: read.queue, ready: read.memory.ready })),
    fleet,
    slots,
  );
  const emptyAt = backlog.waiting < 1 ? rounded(t, 1e3) : memory.emptyAt;
  const oldestSeconds = oldestAge(signals, backlog.waiting, emptyAt);
  const overdue = oldestSeconds > waitSeconds;
  const { running } = backlog;
  const { service: serviceMemory, unsettled } = measuredService(memory, reads, { elapsed, running });
  const measured = serviceOf(serviceMemory, size.prior, { running, unsettled });
  const ended = sumOf(reads, ({ flow }) => flow.finished ?? flow.settled);
  const finished = memory.finished + ended;
  const isStalled = ended <= 0 && backlog.waiting >= 1 && running >= 1;
  const endedAt = isStalled ? memory.endedAt : rounded(t, 1e3);
  const breaker = judged(memory.breaker, input, {
    slots,
    finished: counted(reads) ? finished : undefined,
    waiting: backlog.waiting,
    overdue,
    measured,
  });
  const service = { ...measured, seconds: steadied(measured.seconds, breaker) };
  const next: LaneMemory = {
    ...memory,
    signals,
    service: serviceMemory,
    unsettled,
    slots: size.slotsMemory,
    breaker,
    finished: rounded(finished, 1e1),
    waiting: rounded(backlog.waiting, 1e1),
    running: rounded(running, 1e1),
    emptyAt,
    endedAt,
  };
  return {
    memory: accounted(next, reads, { input, overdue, perSecond: arrivals.rate.perSecond, service }),
    reads,
    arrivals,
    service,
    slots,
    backlog,
    waitSeconds,
    oldestSeconds,
    stalledSeconds: t - endedAt,
    moved: reads.some(({ flow }) => flow.moved),
  };
};

type Accounting = {
  readonly input: LaneInput;
  readonly overdue: boolean;
  readonly perSecond: number;
  readonly service: Service;
};

/** The error budget and the peak load. */
const accounted = (memory: LaneMemory, reads: readonly QueueRead[], account: Accounting): LaneMemory => {
  const { input, overdue, perSecond, service } = account;
  const { elapsed, attainmentRatio } = input;
  const jobs = startedJobs(reads, overdue);
  return {
    ...memory,
    budget: withBudget(memory.budget, { ...jobs, elapsed, perSecond, attainmentRatio }),
    peakLoad: withPeak(
      memory.peakLoad,
      service.jobs > 0 ? steadyRate(memory.signals) * service.seconds : 0,
      elapsed,
    ),
  };
};
