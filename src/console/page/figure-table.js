import { element } from "./element.js";
import { clockText, countText, durationText, rateText, replicasText } from "./format.js";

/** @typedef {import("../contract.ts").Series} Series */

const mostRows = 40;

/** @type {readonly { readonly title: string, readonly figure: Exclude<keyof Series, "times">, readonly format: (value: number) => string }[]} */
const columns = [
  { title: "Wait", figure: "waitSeconds", format: durationText },
  { title: "Promised", figure: "objectiveSeconds", format: durationText },
  { title: "Waiting", figure: "backlog", format: countText },
  { title: "Arriving", figure: "arrivalsPerSecond", format: rateText },
  { title: "Desired", figure: "desired", format: replicasText },
  { title: "Ready", figure: "ready", format: replicasText },
];

/** The figures of the charts as a table, made when it is opened: a bounded number of them, evenly spread. */
export class FigureTable {
  #read;
  #body = element("tbody");

  /** @param {() => Series} read */
  constructor(read) {
    this.#read = read;
    this.node = element(
      "details",
      { class: "figures" },
      element("summary", {}, "The same as a table"),
      element(
        "div",
        { class: "scrolled", tabindex: 0, role: "region", "aria-label": "Figures of the charts" },
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              ...["Time", ...columns.map(({ title }) => title)].map((title) =>
                element("th", { scope: "col" }, title),
              ),
            ),
          ),
          this.#body,
        ),
      ),
    );
    this.node.addEventListener("toggle", () => {
      if (this.node.open) this.#fill();
    });
  }

  #fill() {
    const series = this.#read();
    const stride = Math.max(1, Math.ceil(series.times.length / mostRows));
    const rows = series.times.flatMap((time, index) =>
      (series.times.length - 1 - index) % stride === 0 ? [rowOf(series, time, index)] : [],
    );
    this.#body.replaceChildren(...rows.toReversed());
  }
}

/**
 * @param {Series} series
 * @param {number} time
 * @param {number} index
 */
const rowOf = (series, time, index) =>
  element(
    "tr",
    {},
    element("th", { scope: "row" }, clockText(time * 1_000)),
    ...columns.map(({ figure, format }) => {
      const value = series[figure][index];
      return element("td", {}, value === null || value === undefined ? "not known" : format(value));
    }),
  );
