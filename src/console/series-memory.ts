import type { Point, Series } from "./contract.ts";
import { PointRing } from "./point-ring.ts";

/** Every autoscaler has these: 96 points of 150 s are four hours. */
const coarsePoints = 96;
const coarseSeconds = 150;
/** Only some have these: one point a look. */
const finePoints = 600;
const fineRings = 200;
/** As many as one operator is made for; what comes beyond has a series only while it is among the watched. */
const coarseRings = 10_000;

type Coarse = {
  readonly ring: PointRing;
  /** How many looks with known arrivals its newest point holds. */
  arrivals: number;
};

/**
 * What every autoscaler's figures were. The memory is bounded, and hardly depends on how long it runs: 10,000 coarse rings of 2.7 kB are
 * 27 MB, and 200 fine rings of 17 kB are 3.4 MB. Up to 200 autoscalers all have a fine ring; beyond, those whose series was
 * asked for last.
 */
export class SeriesMemory {
  readonly #coarse = new Map<string, Coarse>();
  /** The one that was asked for least lately is first. */
  readonly #fine = new Map<string, PointRing>();
  readonly #lastSeconds = new Map<string, number>();

  /** How many autoscalers it knows something of. */
  get size(): number {
    return this.#lastSeconds.size;
  }

  /** When its last point was, in whole seconds since 1970; 0 before the first. */
  lastSecond(key: string): number {
    return this.#lastSeconds.get(key) ?? 0;
  }

  /** Takes one look; what is not newer than the last point of this autoscaler changes nothing. */
  record(key: string, point: Point): void {
    if (point.time <= this.lastSecond(key)) return;
    this.#lastSeconds.set(key, point.time);
    if (!this.#fine.has(key) && this.#fine.size < fineRings) this.#fine.set(key, new PointRing(finePoints));
    this.#fine.get(key)?.add(point);
    this.#recordCoarse(key, point);
  }

  /** Its fine points begin now if it had none, at the cost of the autoscaler that nobody asked for the longest. */
  series(key: string): Series {
    const fine = this.#watched(key)?.all() ?? [];
    const coarse = this.#coarse.get(key)?.ring.all() ?? [];
    const fineFrom = fine[0]?.time ?? Number.POSITIVE_INFINITY;
    return asColumns([...coarse.filter(({ time }) => time + coarseSeconds <= fineFrom), ...fine]);
  }

  /** Forgets all others. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#lastSeconds.keys()) {
      if (keys.has(key)) continue;
      this.#lastSeconds.delete(key);
      this.#coarse.delete(key);
      this.#fine.delete(key);
    }
  }

  #watched(key: string): PointRing | undefined {
    if (!this.#lastSeconds.has(key)) return undefined;
    const ring = this.#fine.get(key) ?? new PointRing(finePoints);
    this.#fine.delete(key);
    const [oldest] = this.#fine.keys();
    if (oldest !== undefined && this.#fine.size >= fineRings) this.#fine.delete(oldest);
    this.#fine.set(key, ring);
    return ring;
  }

  #recordCoarse(key: string, point: Point): void {
    const known = this.#coarse.get(key);
    if (known === undefined && this.#coarse.size >= coarseRings) return;
    const coarse = known ?? { ring: new PointRing(coarsePoints), arrivals: 0 };
    this.#coarse.set(key, coarse);
    const time = point.time - (point.time % coarseSeconds);
    const newest = coarse.ring.newest;
    const isKnown = point.arrivalsPerSecond === null ? 0 : 1;
    if (newest?.time === time) {
      coarse.arrivals += isKnown;
      coarse.ring.replaceNewest(merged(newest, point, coarse.arrivals));
    } else {
      coarse.arrivals = isKnown;
      coarse.ring.add({ ...point, time });
    }
  }
}

/** The largest backlog and wait, the mean arrivals of `count` looks, the last of the others. */
function merged(sofar: Point, point: Point, count: number): Point {
  return {
    ...point,
    time: sofar.time,
    backlog: largest(sofar.backlog, point.backlog),
    waitSeconds: largest(sofar.waitSeconds, point.waitSeconds),
    arrivalsPerSecond: mean(sofar.arrivalsPerSecond, point.arrivalsPerSecond, count),
  };
}

function largest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

/** `sofar` is the mean of the count - 1 before `next`. */
function mean(sofar: number | null, next: number | null, count: number): number | null {
  if (next === null) return sofar;
  return sofar === null ? next : sofar + (next - sofar) / count;
}

function asColumns(points: readonly Point[]): Series {
  return {
    times: points.map(({ time }) => time),
    backlog: points.map(({ backlog }) => backlog),
    arrivalsPerSecond: points.map(({ arrivalsPerSecond }) => arrivalsPerSecond),
    desired: points.map(({ desired }) => desired),
    ready: points.map(({ ready }) => ready),
    waitSeconds: points.map(({ waitSeconds }) => waitSeconds),
    objectiveSeconds: points.map(({ objectiveSeconds }) => objectiveSeconds),
  };
}
