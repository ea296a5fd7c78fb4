/**
 * @typedef {import("../contract.ts").Series} Series
 * @typedef {import("../contract.ts").Point} Point
 */

/** Points kept while a page stays open; the operator keeps fewer. */
const mostPoints = 7_200;

/** @type {readonly (Exclude<keyof Series, "times">)[]} */
export const figures = [
  "waitSeconds",
  "objectiveSeconds",
  "backlog",
  "arrivalsPerSecond",
  "desired",
  "ready",
];

/** The course of one autoscaler's figures: what the operator kept, and what came since. Oldest first. */
export class SeriesWindow {
  /** @type {number[]} */
  #times = [];
  /** @type {Record<Exclude<keyof Series, "times">, (number | null)[]>} */
  #values = emptyColumns();

  /** @param {Series} series */
  replace(series) {
    this.#times = [...series.times];
    for (const figure of figures) this.#values[figure] = [...series[figure]];
  }

  /**
   * Takes a point that is newer than the last one.
   * @param {Point} point
   * @returns {boolean} whether it was
   */
  append(point) {
    if (point.time <= (this.#times.at(-1) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#times.push(point.time);
    for (const figure of figures) this.#values[figure].push(point[figure]);
    if (this.#times.length > mostPoints) this.#drop(this.#times.length - mostPoints);
    return true;
  }

  /**
   * The last `seconds`; all of it when that is infinite.
   * @param {number} seconds
   * @returns {Series}
   */
  last(seconds) {
    const since = (this.#times.at(-1) ?? 0) - seconds;
    const from = Math.max(
      0,
      this.#times.findIndex((time) => time >= since),
    );
    const { waitSeconds, objectiveSeconds, backlog, arrivalsPerSecond, desired, ready } = this.#values;
    return {
      times: this.#times.slice(from),
      waitSeconds: waitSeconds.slice(from),
      objectiveSeconds: objectiveSeconds.slice(from),
      backlog: backlog.slice(from),
      arrivalsPerSecond: arrivalsPerSecond.slice(from),
      desired: desired.slice(from),
      ready: ready.slice(from),
    };
  }

  /** @param {number} count */
  #drop(count) {
    this.#times.splice(0, count);
    for (const figure of figures) this.#values[figure].splice(0, count);
  }
}

/** @returns {Record<Exclude<keyof Series, "times">, (number | null)[]>} */
const emptyColumns = () => ({
  waitSeconds: [],
  objectiveSeconds: [],
  backlog: [],
  arrivalsPerSecond: [],
  desired: [],
  ready: [],
});
