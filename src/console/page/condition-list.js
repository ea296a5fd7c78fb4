import { element } from "./element.js";
import { readable, momentText } from "./format.js";

/** @typedef {import("../contract.ts").Condition} Condition */

/** For these True is good; for the others True means that the thing named is so. */
const goodWhenTrue = new Set(["Ready", "SignalsFresh", "ObjectiveMet", "ObjectiveFeasible"]);

/** The resource's conditions, those that stand in the way first. */
export class ConditionList {
  #list = element("ul", { class: "conditions" });
  /** The conditions as last drawn. */
  #drawn = "";

  constructor() {
    this.node = element(
      "section",
      { "aria-labelledby": "conditions-heading" },
      element("h2", { id: "conditions-heading" }, "Conditions"),
      this.#list,
    );
  }

  /**
   * @param {readonly Condition[]} conditions
   * @param {number} nowMs
   */
  update(conditions, nowMs) {
    const told = JSON.stringify(conditions);
    if (told === this.#drawn) return;
    this.#drawn = told;
    const standing = conditions.toSorted((a, b) => Number(stands(b)) - Number(stands(a)));
    this.#list.replaceChildren(...standing.map((condition) => itemOf(condition, nowMs)));
  }
}

/** @param {Condition} condition */
const stands = ({ type, status }) => status === (goodWhenTrue.has(type) ? "False" : "True");

/**
 * @param {Condition} condition
 * @param {number} nowMs
 */
function itemOf(condition, nowMs) {
  const { type, status, message, lastTransitionTime } = condition;
  const state = stands(condition) ? "stands" : status === "Unknown" ? "unknown" : "fine";
  return element(
    "li",
    { "data-state": state },
    element("span", { class: "condition" }, `${type}: `, element("b", {}, status)),
    element("span", { class: "since" }, ` since ${momentText(Date.parse(lastTransitionTime), nowMs)}`),
    message === "" ? undefined : element("p", {}, readable(message)),
  );
}
