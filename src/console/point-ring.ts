import type { Point } from "./contract.ts";

const columns = [
  "backlog",
  "arrivalsPerSecond",
  "desired",
  "ready",
  "waitSeconds",
  "objectiveSeconds",
] as const satisfies readonly (keyof Point)[];

/** Bytes of one point: its time as a whole number of seconds, its figures as 32-bit floats. */
export const pointBytes = 4 + 4 * columns.length;

/** The latest points up to a fixed number, in one block of memory: capacity × pointBytes, whatever comes. */
export class PointRing {
  readonly #capacity: number;
  readonly #times: Uint32Array;
  /** `columns.length` figures for each point; NaN = not known. */
  readonly #figures: Float32Array;
  #count = 0;
  #end = 0;

  constructor(capacity: number) {
    const memory = new ArrayBuffer(capacity * pointBytes);
    this.#capacity = capacity;
    this.#times = new Uint32Array(memory, 0, capacity);
    this.#figures = new Float32Array(memory, capacity * 4);
  }

  /** Times must not fall. The oldest goes when there is no room. */
  add(point: Point): void {
    this.#write(this.#end, point);
    this.#end = (this.#end + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
  }

  /** @throws RangeError when there is none */
  replaceNewest(point: Point): void {
    if (this.#count === 0) throw new RangeError("a ring without points has no newest");
    this.#write(this.#slot(this.#count - 1), point);
  }

  get newest(): Point | undefined {
    return this.#count === 0 ? undefined : this.#read(this.#slot(this.#count - 1));
  }

  /** Oldest first. */
  all(): readonly Point[] {
    return Array.from({ length: this.#count }, (_none, index) => this.#read(this.#slot(index)));
  }

  /** Where the point number `index` is, counted from the oldest. */
  #slot(index: number): number {
    return (this.#end - this.#count + index + this.#capacity) % this.#capacity;
  }

  #write(slot: number, point: Point): void {
    this.#times[slot] = point.time;
    for (const [column, name] of columns.entries()) {
      this.#figures[slot * columns.length + column] = point[name] ?? Number.NaN;
    }
  }

  #read(slot: number): Point {
    const figure = (column: number): number | null => {
      const value = this.#figures[slot * columns.length + column] ?? Number.NaN;
      return Number.isNaN(value) ? null : tidy(value);
    };
    return {
      time: this.#times[slot] ?? 0,
      backlog: figure(0),
      arrivalsPerSecond: figure(1),
      desired: figure(2),
      ready: figure(3),
      waitSeconds: figure(4),
      objectiveSeconds: figure(5),
    };
  }
}

/** A 32-bit float has seven digits; read as 64 bits it would show sixteen. */
const tidy = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(6)));
