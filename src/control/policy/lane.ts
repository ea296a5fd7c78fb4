import type { CleanFleet, CleanQueue } from "../signals/clean-readings.ts";
import { timeOf } from "../signals/history.ts";
import {
  type Arrivals,
  type LaneMoment,
  type LaneSignals,
  newLaneSignals,
  type QueueRead,
  readQueues,
  withStarts,
  withTotal,
} from "../signals/lane-signals.ts";
import { rounded } from "../signals/plausible.ts";
import type { QueueMemory } from "../signals/queue-flow.ts";
import {
  newService,
  type Service,
  type ServiceMemory,
  serviceOf,
  withBound,
  withBusy,
  withFinished,
} from "../signals/service-time.ts";
import { newSlots, type SlotsMemory, withSlots } from "../signals/slots.ts";
import type { Startup } from "../signals/startup.ts";
import { type Backlog, backlogOf } from "./backlog.ts";
import { type BreakerMemory, newBreaker, steadied, withBreaker } from "./breaker.ts";
import { withPeak } from "./feasibility.ts";
import { type BudgetMemory, newBudget, withBudget } from "./price.ts";

/** Queues that share slots are one lane; with slots of their own each queue is one. */
export type LaneMemory = {
  readonly key: string;
  readonly bornAt: number;
  readonly signals: LaneSignals;
  readonly service: ServiceMemory;
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
};

export const newLane = (key: string, t: number): LaneMemory => ({
  key,
  bornAt: rounded(t, 1e3),
  signals: newLaneSignals(t),
  service: newService,
  rememberedService: null,
  slots: newSlots,
  budget: newBudget,
  breaker: newBreaker,
  peakLoad: 0,
  finished: 0,
  waiting: 0,
  running: 0,
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

const measuredService = (
  memory: LaneMemory,
  reads: readonly QueueRead[],
  input: LaneInput,
): ServiceMemory => {
  let service = memory.service;
  let settledOnly = 0;
  for (const { flow } of reads) {
    if (flow.finished !== undefined) service = withFinished(service, flow.finished, flow.serviceSeconds ?? 0);
    else settledOnly += flow.settled ?? 0;
    service = withBusy(service, flow.busySeconds ?? 0);
  }
  if (settledOnly <= 0) return service;
  const busySeconds = memory.running * input.elapsed;
  const waited = memory.waiting > 0 && reads.some(({ memory: { ready } }) => ready > 0);
  const bounded = withBound(service, settledOnly, busySeconds);
  return waited ? withFinished(bounded, settledOnly, busySeconds) : bounded;
};

/** A — waiting jobs have arrived in order, so the oldest came when the total was that. */
const oldestAge = (signals: LaneSignals, waiting: number, t: number): number => {
  if (waiting < 1) return 0;
  const came = timeOf(signals.arrivals, signals.total - waiting) ?? signals.arrivals.times[0] ?? t;
  return Math.max(0, t - came);
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

/** Reads a lane: signals first, then what they mean for its service time, backlog, error budget and breaker. */
export const readLane = (memory: LaneMemory, input: LaneInput): LaneView => {
  const { t, elapsed, fleet, queues } = input;
  const waitSeconds = Math.min(...queues.map((queue) => queue.waitSeconds));
  const prior = {
    seconds: input.expectedServiceSeconds ?? waitSeconds / 2,
    remembered: memory.rememberedService,
  };
  const slotsMemory = withSlots(memory.slots, { ...slotsReading(input), ready: fleet.ready }, t);
  const slots = input.slotsPerReplica ?? slotsMemory.perReplica ?? 1;
  const before = serviceOf(memory.service, prior, memory.running);
  const known = queues.some(({ broker }) => broker !== undefined && broker.ready > 0);
  const guessed = withStarts(memory.signals, {
    t,
    elapsed,
    waiting: known && memory.waiting > 0,
    capacityPerSecond: (fleet.ready * slots) / before.seconds,
  });
  const reads = readQueues(guessed, queues, input.memories, input);
  const { signals, arrivals } = withTotal(
    guessed,
    sumOf(reads, ({ flow }) => flow.arrived),
    {
      t,
      waitSeconds,
      startupSeconds: input.startup.p50,
      mostPoints: input.mostPoints,
    },
  );
  const backlog = backlogOf(
    reads.map((read) => ({ queue: read.queue, ready: read.memory.ready })),
    fleet,
    slots,
  );
  const serviceMemory = measuredService(memory, reads, input);
  const measured = serviceOf(serviceMemory, prior, backlog.running);
  const finished = memory.finished + sumOf(reads, ({ flow }) => flow.finished ?? flow.settled);
  const oldestSeconds = oldestAge(signals, backlog.waiting, t);
  const overdue = oldestSeconds > waitSeconds;
  const breaker = withBreaker(memory.breaker, {
    t,
    elapsed,
    readySlots: fleet.ready * slots,
    slotsPerReplica: slots,
    finished: counted(reads) ? finished : undefined,
    waiting: backlog.waiting,
    overdue,
    serviceSeconds: measured.jobs > 0 ? measured.seconds : undefined,
    variation: measured.variation,
  });
  const service = { ...measured, seconds: steadied(measured.seconds, breaker) };
  const jobs = startedJobs(reads, overdue);
  const { perSecond } = arrivals.rate;
  const { attainmentRatio } = input;
  return {
    memory: {
      ...memory,
      signals,
      service: serviceMemory,
      slots: slotsMemory,
      budget: withBudget(memory.budget, { ...jobs, elapsed, perSecond, attainmentRatio }),
      breaker,
      peakLoad: withPeak(memory.peakLoad, perSecond * service.seconds, elapsed),
      finished: rounded(finished, 1e1),
      waiting: rounded(backlog.waiting, 1e1),
      running: rounded(backlog.running, 1e1),
    },
    reads,
    arrivals,
    service,
    slots,
    backlog,
    waitSeconds,
    oldestSeconds,
    moved: reads.some(({ flow }) => flow.moved),
  };
};
