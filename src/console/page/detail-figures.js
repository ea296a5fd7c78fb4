import { element, setText } from "./element.js";
import { countText, durationText, rateText, ratioText, replicasText } from "./format.js";

/** @typedef {import("../contract.ts").Summary} Summary */

/** @type {readonly { readonly title: string, readonly value: (summary: Summary) => string | undefined, readonly beside: (summary: Summary) => string }[]} */
const figures = [
  {
    title: "Started in time",
    value: ({ attainmentRatio }) => mapped(attainmentRatio, ratioText),
    beside: ({ promise }) =>
      `promised ${ratioText(promise.attainmentRatio)} within ${durationText(promise.waitSeconds)}`,
  },
  {
    title: "Wait, 95 of 100 jobs",
    value: ({ waitSecondsP95 }) => mapped(waitSecondsP95, (seconds) => `≤\u00A0${durationText(seconds)}`),
    beside: ({ predictedWaitSeconds }) =>
      predictedWaitSeconds === undefined
        ? "in five minutes"
        : `arriving now: ${durationText(predictedWaitSeconds)}`,
  },
  {
    title: "Waiting",
    value: ({ backlog }) => mapped(backlog, countText),
    beside: ({ backlog }) => (backlog === 1 ? "job" : "jobs"),
  },
  {
    title: "Arriving",
    value: ({ arrivalsPerSecond }) => mapped(arrivalsPerSecond, rateText),
    beside: () => "jobs",
  },
  {
    title: "Replicas",
    value: ({ replicas: { desired } }) => mapped(desired, replicasText),
    beside: ({ replicas: { min, max, desired, ready, recommended } }) =>
      [
        ...(ready === undefined || ready === desired ? [] : [`${replicasText(ready)} ready`]),
        `allowed ${replicasText(min)} to ${replicasText(max)}`,
        ...(recommended === undefined || recommended === desired
          ? []
          : [`recommended ${replicasText(recommended)}`]),
      ].join(", "),
  },
  {
    title: "Start-up",
    value: ({ startupSeconds }) => mapped(startupSeconds, durationText),
    beside: () => "median, until it can take a job",
  },
];

/** What is known of one autoscaler now. */
export class DetailFigures {
  #cells = figures.map(() => ({
    value: element("dd", { class: "value" }),
    beside: element("dd", { class: "beside" }),
  }));

  constructor() {
    this.node = element(
      "dl",
      { class: "now" },
      ...figures.map(({ title }, at) =>
        element("div", {}, element("dt", {}, title), this.#cells[at]?.value, this.#cells[at]?.beside),
      ),
    );
  }

  /** @param {Summary} summary */
  update(summary) {
    for (const [at, { value, beside }] of figures.entries()) {
      const cells = this.#cells[at];
      if (cells === undefined) continue;
      setText(cells.value, value(summary) ?? "not known");
      setText(cells.beside, beside(summary));
      cells.value.toggleAttribute("data-unknown", value(summary) === undefined);
    }
  }
}

/**
 * @param {number | undefined} value
 * @param {(value: number) => string} format
 */
const mapped = (value, format) => (value === undefined ? undefined : format(value));
