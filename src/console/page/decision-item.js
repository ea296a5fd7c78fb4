import { element, setText } from "./element.js";
import {
  durationText,
  readable,
  momentText,
  pluralText,
  rateText,
  ratioText,
  replicasText,
} from "./format.js";
import { limitText } from "./wording.js";

/** @typedef {import("../contract.ts").Decision} Decision */

/** @param {string} reason as others word it */
const endOfSentence = (reason) => (/[.!?]$/.test(reason) ? reason : `${reason}.`);

/** @type {Readonly<Partial<Record<Decision["outcome"], string>>>} */
const outcomes = { "dry-run": "Dry run: nothing was changed.", conflict: "Not done:", failed: "Not done:" };

/** One decision: what, why, and on demand what it rests on. */
export class DecisionItem {
  #repeated = element("p", { class: "repeated" });

  /**
   * @param {Decision} decision
   * @param {number} nowMs
   */
  constructor(decision, nowMs) {
    const { time, reason, explanation, outcome, problem } = decision;
    const remark = [outcomes[outcome], problem && endOfSentence(problem)].filter(Boolean).join(" ");
    this.node = element(
      "li",
      { class: "decision", "data-outcome": outcome },
      element("time", { datetime: time, title: time }, momentText(Date.parse(time), nowMs)),
      element("div", { class: "what" }, stepOf(decision), element("code", {}, reason)),
      element(
        "div",
        { class: "why" },
        element("p", {}, readable(explanation)),
        remark === "" ? undefined : element("p", { class: "remark" }, readable(remark)),
        inputsOf(decision),
        this.#repeated,
      ),
    );
    this.update(decision);
  }

  /** @param {Decision} decision */
  update({ repeated }) {
    setText(this.#repeated, repeated === 0 ? "" : `The same came ${pluralText(repeated, "time")} more.`);
  }
}

/**
 * Filled when it is opened.
 * @param {Decision} decision
 */
function inputsOf(decision) {
  const parts = element("div", { class: "parts" });
  const inputs = element("details", { class: "inputs" }, element("summary", {}, "What it rests on"), parts);
  inputs.addEventListener("toggle", () => parts.append(...inputParts(decision)), { once: true });
  return inputs;
}

/** @param {Decision} decision */
function stepOf({ from, to, kind }) {
  const direction = kind === "hold" || from === to ? "same" : to > from ? "up" : "down";
  const words = direction === "same" ? `stays at ${to}` : `from ${from} to ${to}`;
  const shown = direction === "same" ? `= ${to}` : `${from} → ${to}`;
  return element(
    "span",
    { class: "step", "data-direction": direction },
    element("span", { "aria-hidden": "true" }, shown),
    element("span", { class: "spoken" }, words),
  );
}

/** @param {Decision} decision */
function inputParts({ terms, recommended, to, estimate, limitedBy, bounds, feasibility }) {
  const limits = limitedBy.map((limit) =>
    element("li", {}, element("code", {}, limit), ` ${limitText(limit, bounds)}`),
  );
  const rows = [
    ...terms.map(({ name, replicas }) => termRow(name, replicasText(replicas))),
    termRow("recommended", replicasText(recommended)),
    termRow("decided", replicasText(to)),
  ];
  const estimates = estimateRows(estimate);
  return [
    titled("Limits", limits.length > 0 ? element("ul", {}, ...limits) : element("p", {}, "None.")),
    titled("Replicas that each part asked for", element("table", {}, element("tbody", {}, ...rows))),
    titled(
      "Estimates",
      estimates.length > 0
        ? element("table", {}, element("tbody", {}, ...estimates))
        : element("p", {}, "Nothing was known."),
    ),
    ...(feasibility.kind === "infeasible"
      ? [titled("Not feasible by reacting", element("p", {}, feasibility.because))]
      : []),
  ];
}

/**
 * @param {string} title
 * @param {HTMLElement} content
 */
const titled = (title, content) => element("div", { class: "part" }, element("h3", {}, title), content);

/**
 * @param {string} name
 * @param {string} value
 */
const termRow = (name, value) =>
  element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value));

/** @param {Decision["estimate"]} estimate */
function estimateRows({
  arrivalsPerSecond,
  serviceSeconds,
  offeredLoad,
  startupSeconds,
  predictedWaitSeconds,
  attainmentRatio,
}) {
  /** @type {readonly (readonly [string, number | undefined, (value: number) => string])[]} */
  const figures = [
    ["arrival rate", arrivalsPerSecond, rateText],
    ["service time, mean", serviceSeconds, durationText],
    ["offered load, erlangs", offeredLoad, replicasText],
    ["start-up, median", startupSeconds, durationText],
    ["wait of a job that arrives now", predictedWaitSeconds, durationText],
    ["started in time", attainmentRatio, ratioText],
  ];
  return figures.flatMap(([name, value, format]) =>
    value === undefined ? [] : [termRow(name, format(value))],
  );
}
