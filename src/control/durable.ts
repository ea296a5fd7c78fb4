import { type LaneMemory, newLane } from "./policy/lane.ts";
import { plausible, rounded } from "./signals/plausible.ts";
import { type ControlState, newState } from "./state.ts";

type DurableLane = {
  readonly key: string;
  readonly serviceSeconds: number | null;
  readonly breaker: {
    readonly baseSeconds: number;
    readonly replicas: number;
    readonly throughput: number;
    readonly probeInSeconds: number;
    readonly probeAfterSeconds: number;
  } | null;
};

/** What is worth keeping over a restart. Plain JSON, under 2 KiB. Opaque: made by `durable`, read by `restore`. */
export type DurableState = {
  readonly v: 1;
  /** When somebody else raised the count: the start of a hold. */
  readonly raisedMs: number | null;
  readonly startup: { readonly p50: number; readonly p95: number } | null;
  readonly lanes: readonly DurableLane[];
};

/** Three jobs, less what was forgotten of them. */
const ENOUGH_JOBS = 2.5;

const durableLane = (lane: LaneMemory, t: number): DurableLane => {
  const { service, breaker } = lane;
  const { limit, baseSeconds } = breaker;
  return {
    key: lane.key,
    serviceSeconds:
      service.jobs >= ENOUGH_JOBS ? rounded(service.seconds / service.jobs, 1e5) : lane.rememberedService,
    breaker:
      limit === null || baseSeconds === null
        ? null
        : {
            baseSeconds,
            replicas: limit.replicas,
            throughput: limit.throughput,
            probeInSeconds: rounded(Math.max(0, limit.probeAt - t), 1e1),
            probeAfterSeconds: limit.probeAfterSeconds,
          },
  };
};

/** The part of the state worth keeping over a restart: hold start, learned start-up, service-time prior, breaker; no windows. */
export const durable = (state: ControlState): DurableState => {
  const { fleet, startup, t, lastMs } = state;
  return {
    v: 1,
    raisedMs: fleet.raisedAt === null ? null : Math.round(lastMs - (t - fleet.raisedAt) * 1000),
    startup: startup === null ? null : { p50: startup.p50, p95: startup.p95 },
    lanes: state.lanes.map((lane) => durableLane(lane, t)),
  };
};

const restoredBreaker = (kept: NonNullable<DurableLane["breaker"]>): Partial<LaneMemory["breaker"]> => {
  const base = plausible(kept.baseSeconds) ?? 0;
  const replicas = plausible(kept.replicas) ?? 0;
  if (base <= 0 || replicas < 1) return {};
  return {
    baseSeconds: base,
    limit: {
      replicas: Math.ceil(replicas),
      throughput: plausible(kept.throughput) ?? 0,
      probeAt: plausible(kept.probeInSeconds) ?? 0,
      probeAfterSeconds: plausible(kept.probeAfterSeconds) ?? 0,
      wellUsed: 0,
      restored: true,
    },
  };
};

const restoredLane = (kept: DurableLane): LaneMemory => {
  const lane = newLane(kept.key, 0);
  const service = plausible(kept.serviceSeconds ?? undefined) ?? 0;
  return {
    ...lane,
    rememberedService: service > 0 ? service : null,
    breaker: kept.breaker === null ? lane.breaker : { ...lane.breaker, ...restoredBreaker(kept.breaker) },
  };
};

/**
 * A state to go on from after a restart. A stale one may delay a scale-in, never hasten it: nothing is known to be too
 * much until it was seen again, a remembered start-up does not shorten a hold, a remembered breaker removes nothing.
 * What is not of this version is left aside.
 */
export const restore = (kept: DurableState, nowMs: number): ControlState => {
  const state = newState(nowMs);
  if (kept.v !== 1) return state;
  const p50 = plausible(kept.startup?.p50) ?? 0;
  const p95 = plausible(kept.startup?.p95) ?? 0;
  const ago = kept.raisedMs === null ? undefined : (nowMs - kept.raisedMs) / 1000;
  return {
    ...state,
    lanes: kept.lanes.map(restoredLane),
    startup: p50 > 0 ? { p50, p95: Math.max(p50, p95), told: false } : null,
    fleet: {
      ...state.fleet,
      raisedAt: ago === undefined || Number.isNaN(ago) ? null : -rounded(Math.max(0, ago), 1e3) + 0,
    },
  };
};
